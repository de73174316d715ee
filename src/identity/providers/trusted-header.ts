/** People whom a reverse proxy has signed in and names in a header: believed only of the proxies that the operator lists, by the address of the socket (house rules 9 and 12). */

import { equalInConstantTime } from '../../platform/crypto.ts'
import { type IpRange, isInRanges, readIpRange } from '../../platform/request-source.ts'
import { parseUrl } from '../../platform/url.ts'
import type { EntryRules } from '../entry-rules.ts'
import type { HeaderProvider, HeaderSays } from '../identity-provider.ts'
import { domainOfAddress } from '../outside-person.ts'
import { refuseProviderName } from '../provider-name.ts'

export interface TrustedHeaderOptions {
  /** Default `header`. */
  name?: string | undefined
  /** What people know the sign-in by. Default `Single sign-on`. */
  label?: string | undefined
  /** Addresses and ranges of the proxies, as the sockets have them. No other address is believed. */
  proxies: readonly string[]
  /** Holds what never changes of a person, such as `Remote-User`. The proxy has to replace it in every request, or take it out. */
  userHeader: string
  emailHeader?: string | undefined
  /** The name that others read. */
  nameHeader?: string | undefined
  /** Several groups in one header, with `groupSeparator` between them. */
  groupsHeader?: string | undefined
  /** Default a comma. */
  groupSeparator?: string | undefined
  /** A header in which the proxy proves itself by `secret`. Required where a proxy has a loopback address, because every program of that machine has it too. */
  secretHeader?: string | undefined
  /** 32 characters or more. */
  secret?: string | undefined
  /** Where a person who signs out here goes on to sign out there. */
  signOutUrl?: string | undefined
  /** Who may enter. Default: everybody whom the proxy names. */
  enter?: EntryRules | undefined
}

/** Throws a `TypeError` where it would believe somebody who can be anybody. */
export function trustedHeader(options: TrustedHeaderOptions): HeaderProvider {
  const { name = 'header', label = 'Single sign-on', groupSeparator = ',', enter = {} } = options
  refuseProviderName(name)
  const proxies = readProxies(options.proxies)
  const headers = {
    user: headerName('userHeader', options.userHeader),
    email: optionalHeaderName('emailHeader', options.emailHeader),
    name: optionalHeaderName('nameHeader', options.nameHeader),
    groups: optionalHeaderName('groupsHeader', options.groupsHeader),
  }
  const proof = readProof(options)
  if (proof === undefined && loopbackAddresses.some((address) => isInRanges(address, proxies)))
    throw new TypeError(
      'proxies holds a loopback address, which every program of that machine has; let the proxy prove itself by secretHeader and secret',
    )
  const signOutUrl = readSignOutUrl(options.signOutUrl)
  if (groupSeparator === '') throw new TypeError('groupSeparator is empty')

  function read(request: Request, peerAddress: string | undefined): HeaderSays {
    const user = request.headers.get(headers.user)
    if (user === null) return { outcome: 'silent' }
    if (!isInRanges(peerAddress, proxies))
      return { outcome: 'ignored', says: `${headers.user} came from an address that is not a listed proxy` }
    if (proof !== undefined && !equalInConstantTime(request.headers.get(proof.header) ?? '', proof.secret))
      return { outcome: 'ignored', says: `${headers.user} came without the secret in ${proof.header}` }
    const subject = wordsOf(user)
    // Two headers of one name are joined by a comma: one of them was there before the proxy's.
    if (subject === undefined || subject.includes(','))
      return { outcome: 'ignored', says: `${headers.user} does not name one person` }
    const worded = (header: string | undefined): string | undefined =>
      header === undefined ? undefined : wordsOf(request.headers.get(header) ?? '')
    const email = oneAddress(worded(headers.email))
    const groups =
      headers.groups === undefined
        ? undefined
        : (request.headers.get(headers.groups) ?? '').split(groupSeparator).map(wordsOf)
    return {
      outcome: 'vouched',
      visitor: {
        issuer: `proxy://${name}`,
        tenant: undefined,
        subject,
        email,
        domain: email && domainOfAddress(email),
        displayName: worded(headers.name),
        handle: subject,
        groups: groups?.filter((group) => group !== undefined),
        claims: {},
      },
    }
  }

  return { kind: 'header', name, label, rules: enter, read, signOutUrl }
}

const loopbackAddresses = ['127.0.0.1', '::1'] as const

function readProxies(texts: readonly string[]): IpRange[] {
  if (texts.length === 0) throw new TypeError('proxies is empty; without a listed proxy nobody is believed')
  return texts.map((text) => {
    const range = readIpRange(text)
    if (range === undefined)
      throw new TypeError(`${JSON.stringify(text)} is not an address or a range such as 10.0.0.0/24`)
    if (range[1] === 0) throw new TypeError(`${text} is every address there is, which lists nobody`)
    return range
  })
}

function readProof({
  secretHeader,
  secret,
}: TrustedHeaderOptions): { header: string; secret: string } | undefined {
  if ((secretHeader === undefined) !== (secret === undefined))
    throw new TypeError('secretHeader and secret belong together')
  if (secretHeader === undefined || secret === undefined) return undefined
  if (secret.length < minimumSecretLength)
    throw new TypeError(`secret is shorter than ${minimumSecretLength} characters`)
  return { header: headerName('secretHeader', secretHeader), secret }
}

const minimumSecretLength = 32

function readSignOutUrl(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined
  const url = parseUrl(text)
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new TypeError(`signOutUrl ${JSON.stringify(text)} is not a web address`)
}

function headerName(member: string, name: string): string {
  // RFC 9110 §5.6.2.
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    throw new TypeError(`${member} ${JSON.stringify(name)} is not the name of a header`)
  const canonical = name.toLowerCase()
  if (takenHeaders.has(canonical)) throw new TypeError(`${member}: ${name} says something else already`)
  return canonical
}

function optionalHeaderName(member: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : headerName(member, name)
}

/** Of browsers' own making. */
const takenHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'host',
  'origin',
  'referer',
  'user-agent',
])

/** Field values are bytes, which proxies fill with UTF-8 (RFC 9110 §5.5). Undefined for what names nothing. */
function wordsOf(value: string): string | undefined {
  const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0))
  let words = value
  try {
    words = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Latin-1 then.
  }
  const trimmed = words.trim()
  const isFit = trimmed !== '' && trimmed.length <= maximumCharacters && !/\p{Cc}/u.test(trimmed)
  return isFit ? trimmed : undefined
}

const maximumCharacters = 256

function oneAddress(words: string | undefined): string | undefined {
  return words !== undefined && /^[^\s@,]+@[^\s@,]+$/.test(words) ? words : undefined
}
