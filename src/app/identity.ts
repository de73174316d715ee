/** Which ways to sign in an operator chose, sorted by their kinds, and what cannot be chosen together. */

import type {
  FormProvider,
  HeaderProvider,
  IdentityProvider,
  OutsideProvider,
  PasskeyProvider,
} from '../identity/identity-provider.ts'
import { isIpLiteral } from '../platform/url.ts'

export interface Identity {
  form: FormProvider | undefined
  outside: readonly OutsideProvider[]
  passkeys: PasskeyProvider | undefined
  header: HeaderProvider | undefined
}

/** Accounts of this server, and what they can be signed in with elsewhere. Throws a `TypeError` for two of one name. */
export function readIdentity(
  identity: IdentityProvider | readonly IdentityProvider[],
  issuer: string,
): Identity {
  const all = [identity].flat() as readonly IdentityProvider[]
  const forms = all.filter((one): one is FormProvider => one.kind === 'form')
  const outside = all.filter((one): one is OutsideProvider => one.kind === 'outside')
  const headers = all.filter((one): one is HeaderProvider => one.kind === 'header')
  const names = [...outside, ...headers].map(({ name }) => name)
  const twin = names.find((name, at) => names.indexOf(name) !== at)
  if (all.length === 0) throw new TypeError('identity names no way to sign in')
  if (forms.length > 1) throw new TypeError('identity has two kinds of accounts with passwords')
  if (twin !== undefined) throw new TypeError(`identity has two providers called ${twin}`)
  const passkeys = all.find((one): one is PasskeyProvider => one.kind === 'passkeys')
  if (passkeys !== undefined && forms.length === 0)
    throw new TypeError('passkeys are of accounts of this server; add localAccounts')
  // WebAuthn §5.1.2: a passkey belongs to a domain. That it is https or localhost is asked of every public URL.
  if (passkeys !== undefined && isIpLiteral(new URL(issuer).hostname))
    throw new TypeError(`browsers know passkeys only of names, not of addresses such as ${issuer}`)
  if (headers.length > 1) throw new TypeError('identity has two reverse proxies that name people')
  return { form: forms[0], outside, passkeys, header: headers[0] }
}
