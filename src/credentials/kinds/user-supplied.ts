/** The person's own key or account address, asked on the consent page and checked before it is kept (house rule 10). */

import { OutboundError } from '../../platform/outbound-fetch.ts'
import { parseUrl } from '../../platform/url.ts'
import type {
  CheckOutcome,
  CheckWay,
  CredentialField,
  CredentialValues,
  FieldProblem,
  SuppliedCredential,
  SuppliedUse,
  SuppliedValues,
} from '../upstream-credential.ts'
import { fill, namesIn, ownHeader, plainValue } from '../wire-value.ts'

export interface UserSuppliedOptions {
  /** Above the fields, for example `Your key for Example`. */
  title?: string | undefined
  /** Where a person finds it, in a sentence. */
  help?: string | undefined
  /** The page where it is made; https. */
  helpUrl?: string | undefined
  fields: readonly SuppliedField[]
  /** With `{name}` for what was typed into that field, for example `{ Authorization: 'Bearer {key}' }`. */
  headers?: Readonly<Record<string, string>> | undefined
  /** For a command: variables of its process, for example `{ EXAMPLE_KEY: '{key}' }`. */
  environment?: Readonly<Record<string, string>> | undefined
  /** The address of the MCP server of this person, in place of the configured one, for example `{account}/mcp`. */
  url?: string | undefined
  /** What is asked, with the same headers, before anything is kept. Default: the MCP server itself. */
  check?: SuppliedCheck | undefined
}

export interface SuppliedField {
  /** Letters, digits and `_`. */
  name: string
  label: string
  hint?: string | undefined
  /** `key`: not shown while it is typed (default); `text`: shown; `url`: an https address that has to match the pattern. */
  type?: 'key' | 'text' | 'url' | undefined
  /** A regular expression for all of it; required for `url`. */
  pattern?: string | undefined
  /** Default true. */
  required?: boolean | undefined
  /** Of `url`: addresses that are not public may be named and asked. Default false. */
  allowPrivateAddresses?: boolean | undefined
}

export interface SuppliedCheck {
  /** Asked by GET. 2xx is good, 401 and 403 refused. May have `{name}` in it. */
  url: string
  /** Where in a JSON answer the account's name stands, for example `user.email`. */
  accountName?: string | undefined
}

/** Throws a `TypeError` for what no person could make right. */
export function userSupplied(options: UserSuppliedOptions): SuppliedCredential {
  refuseMistakes(options)
  const fields = options.fields.map(readField)
  const urlFields = new Set(fields.filter(({ type }) => type === 'url').map(({ name }) => name))

  function valueIn(template: string, values: CredentialValues): string {
    return fill(template, (name) => values[name] ?? '')
  }

  /** A key in an address is one segment of it and no more. */
  function addressIn(template: string, values: CredentialValues): string {
    return fill(template, (name) => {
      const value = values[name] ?? ''
      return urlFields.has(name) ? value : encodeURIComponent(value)
    })
  }

  /** What names an optional field that was left empty is left out. */
  function filled(
    templates: Readonly<Record<string, string>> | undefined,
    values: CredentialValues,
  ): Record<string, string> {
    const whole = Object.entries(templates ?? {}).filter(([, template]) =>
      namesIn(template).every((name) => values[name] !== undefined),
    )
    return Object.fromEntries(whole.map(([name, template]) => [name, valueIn(template, values)]))
  }

  /** Whether a person decides which host this is. */
  const named = (template: string): (typeof fields)[number] | undefined =>
    fields.find(({ name, type }) => type === 'url' && template.startsWith(`{${name}}`))

  function apply(values: CredentialValues): SuppliedUse {
    const { url } = options
    return {
      headers: filled(options.headers, values),
      environment: filled(options.environment, values),
      account:
        url === undefined
          ? undefined
          : {
              url: addressIn(url, values),
              allowPrivateAddresses: named(url)?.allowPrivateAddresses ?? true,
            },
    }
  }

  function read(form: ReadonlyMap<string, string>): SuppliedValues {
    const values: Record<string, string> = {}
    const problems = new Map<string, FieldProblem>()
    for (const field of fields) {
      const typed = (form.get(field.name) ?? '').trim()
      if (typed === '') {
        if (field.isRequired) problems.set(field.name, 'missing')
        continue
      }
      const value = readValue(field, typed)
      if (typeof value === 'string') values[field.name] = value
      else problems.set(field.name, value.problem)
    }
    return problems.size > 0 ? { outcome: 'wrong', problems } : { outcome: 'ready', values }
  }

  async function check(values: CredentialValues, way: CheckWay, asked: SuppliedCheck): Promise<CheckOutcome> {
    const byPerson = named(asked.url)
    const send =
      byPerson === undefined || byPerson.allowPrivateAddresses ? way.operatorFetch : way.guardedFetch
    try {
      const headers = { accept: 'application/json', ...filled(options.headers, values) }
      const answer = await send(addressIn(asked.url, values), { headers })
      if (answer.status >= 200 && answer.status < 300) {
        return { outcome: 'good', label: nameIn(answer.text, asked.accountName) }
      }
      const isRefusal = answer.status === 401 || answer.status === 403
      return { outcome: isRefusal ? 'refused' : 'unreachable', says: wordsOf(answer.text, answer.status) }
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      return { outcome: 'unreachable', says: error.message }
    }
  }

  const { check: asked } = options
  return {
    kind: 'supplied',
    title: options.title,
    help: options.help,
    helpUrl: options.helpUrl,
    fields,
    read,
    apply,
    check: asked && ((values, way) => check(values, way, asked)),
  }
}

interface ReadField extends CredentialField {
  readonly type: NonNullable<SuppliedField['type']>
  readonly pattern: RegExp | undefined
  readonly allowPrivateAddresses: boolean
}

function readField(field: SuppliedField): ReadField {
  const { type = 'key', required = true, allowPrivateAddresses = false } = field
  return {
    name: field.name,
    label: field.label,
    hint: field.hint,
    isSecret: type === 'key',
    isRequired: required,
    type,
    // All of it, whatever the operator wrote: half a match is how another host gets in.
    pattern: field.pattern === undefined ? undefined : new RegExp(`^(?:${field.pattern})$`, 'u'),
    allowPrivateAddresses,
  }
}

function readValue(
  { type, pattern, allowPrivateAddresses }: ReadField,
  typed: string,
): string | { problem: FieldProblem } {
  if (typed.length > maximumValueCharacters) return { problem: 'too-long' }
  if (!plainValue(typed)) return { problem: 'characters' }
  const value = type === 'url' ? readAddress(typed, allowPrivateAddresses) : typed
  if (value === undefined) return { problem: 'not-a-url' }
  return pattern === undefined || pattern.test(value) ? value : { problem: 'pattern' }
}

/** One spelling, which the pattern is held to: no user, query or fragment, no final slash. */
function readAddress(typed: string, isOwnNetwork: boolean): string | undefined {
  const url = parseUrl(/^[a-z][a-z0-9+.-]*:/i.test(typed) ? typed : `https://${typed}`)
  if (url === undefined || url.username !== '' || url.password !== '') return undefined
  if (url.search !== '' || url.hash !== '') return undefined
  if (url.protocol !== 'https:' && !(isOwnNetwork && url.protocol === 'http:')) return undefined
  return url.href.replace(/\/+$/, '')
}

const maximumValueCharacters = 4096

function refuseMistakes({
  fields,
  headers = {},
  environment = {},
  url,
  check,
  helpUrl,
}: UserSuppliedOptions) {
  const names = fields.map(({ name }) => name)
  if (fields.length === 0 || fields.length > 8)
    throw new TypeError('a user-supplied credential has 1 to 8 fields')
  for (const { name, type, pattern } of fields) {
    if (!/^[a-z][a-z0-9_]{0,39}$/i.test(name))
      throw new TypeError(`${JSON.stringify(name)} cannot name a field`)
    if (names.indexOf(name) !== names.lastIndexOf(name)) throw new TypeError(`there are two fields ${name}`)
    if (type === 'url' && pattern === undefined)
      throw new TypeError(`the address in ${name} needs a pattern: without one it could be any server`)
  }
  for (const name of Object.keys(headers))
    if (!ownHeader(name)) throw new TypeError(`${name} is a header of the protocol, and set by Postern`)
  for (const name of Object.keys(environment))
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || /^POSTERN_/i.test(name))
      throw new TypeError(`${name} is no variable that a command could be given`)
  const templates = [...Object.values(headers), ...Object.values(environment), url ?? '', check?.url ?? '']
  const unknown = templates.flatMap(namesIn).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new TypeError(`{${unknown}} names no field`)
  if (templates.flatMap(namesIn).length === 0)
    throw new TypeError('nothing of what people type is sent anywhere')
  if (helpUrl !== undefined && parseUrl(helpUrl)?.protocol !== 'https:')
    throw new TypeError('helpUrl must be an https URL')
}

/** The upstream's own words: an error's message where its JSON has one, else the beginning of its text. */
function wordsOf(text: string, status: number): string {
  const body = readJson(text)
  const found = ['message', 'error_description', 'detail', 'error', 'title']
    .map((name) => valueAt(body, name) ?? valueAt(body, `error.${name}`))
    .find((value) => typeof value === 'string')
  const words = typeof found === 'string' ? found : body === undefined && !text.startsWith('<') ? text : ''
  return words.trim() === '' ? `HTTP ${status}` : words
}

function nameIn(text: string, path: string | undefined): string | undefined {
  const name = path === undefined ? undefined : valueAt(readJson(text), path)
  return typeof name === 'string' && name !== '' ? name.slice(0, maximumNameCharacters) : undefined
}

const maximumNameCharacters = 100

function valueAt(value: unknown, path: string): unknown {
  let found = value
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  return found
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
