/** What hides secrets in a transcript: each value is learned where the standards put it, then replaced wherever it appears. */

/** The same secret has the same number throughout, so that a reader sees which token went where. */
export interface Mask {
  learn(kind: string, value: string | undefined): void
  learnRequest(request: {
    url: string
    headers: Readonly<Record<string, string>>
    body: string | undefined
  }): void
  learnHeaders(headers: Headers): void
  learnBody(body: string): void
  text(text: string): string
  deep<T>(value: T): T
}

/** Parameters and members that carry a secret, in forms, queries and JSON (RFC 6749, RFC 7591, RFC 7636, RFC 7009, RFC 7523). */
const secretNames = [
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'code',
  'code_verifier',
  'token',
  'password',
  'client_assertion',
  'assertion',
  'registration_access_token',
  'device_code',
] as const

/** JSON members only: `code` and `token` are everyday words there, `code` a number in every JSON-RPC error. */
const secretMembers = secretNames.filter((name) => name !== 'code' && name !== 'token')

const secretHeaders = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'mcp-session-id',
  'dpop',
]

/** Shorter values would hide half of every text, and guard nothing. Cookies also carry settings, such as a language. */
const shortestSecret = 4
const shortestCookie = 8

const memberPattern = new RegExp(
  `"(${secretMembers.join('|')})\\\\?"\\s*:\\s*\\\\?"((?:[^"\\\\]|\\\\[^"])+)`,
  'g',
)
/** An address in a page, a script or JSON that carries the answer on: `location.href = '…?code=…'`, `{"redirect_to": "…\u0026code=…"}`. */
const carriedPattern = /(?:[?&#]|&amp;|\\u0026)(code|access_token|refresh_token|id_token)=([\w.~%+/=-]{8,})/g
const hiddenInputPattern = /<input\b[^>]*type=["']?hidden\b[^>]*>/gi

/** The client's own request, carried through a form: it stands in the address already. */
const openFieldPattern =
  /\bname=["']?(?:client_id|redirect_uri|resource|scope|state|response_type|code_challenge(?:_method)?)\b/i

export function createMask(): Mask {
  /** From a spelling of the secret to what stands for it. */
  const replacements = new Map<string, string>()
  const counts = new Map<string, number>()
  let pattern: RegExp | undefined

  return { learn, learnRequest, learnHeaders, learnBody, text, deep }

  function learn(kind: string, value: string | undefined): void {
    if (value === undefined || value.length < shortestSecret || replacements.has(value)) return
    const number = (counts.get(kind) ?? 0) + 1
    counts.set(kind, number)
    const label = `[${kind} ${number}, ${value.length} characters]`
    for (const spelling of spellings(value))
      if (!replacements.has(spelling)) replacements.set(spelling, label)
    pattern = undefined
  }

  function learnRequest(request: Parameters<Mask['learnRequest']>[0]): void {
    learnHeaders(new Headers(request.headers))
    learnUrl(request.url)
    if (request.body !== undefined) learnBody(request.body)
  }

  function learnHeaders(headers: Headers): void {
    for (const [name, value] of headers) {
      if (name === 'location' || name === 'content-location' || name === 'refresh') learnUrl(value)
      else if (name === 'set-cookie' || name === 'cookie') learnCookies(value)
      else if (name === 'authorization') learnAuthorization(value)
      else if (secretHeaders.includes(name)) learn(name, value)
    }
  }

  function learnCookies(value: string): void {
    for (const part of value.split(/;\s*|,(?=[^;]+=)/)) {
      const at = part.indexOf('=')
      const name = part.slice(0, at).trim().toLowerCase()
      const content = part.slice(at + 1).trim()
      if (at > 0 && content.length >= shortestCookie && !cookieAttributes.has(name)) learn('cookie', content)
    }
  }

  function learnAuthorization(value: string): void {
    const [scheme = '', credentials] = value.split(/\s+/, 2)
    if (credentials === undefined) learn('authorization', value)
    else learn(scheme.toLowerCase() === 'bearer' ? 'access_token' : 'credentials', credentials)
  }

  function learnUrl(url: string): void {
    const query = url.slice(url.indexOf('?') + 1).split('#')
    for (const part of query) learnParameters(new URLSearchParams(part))
  }

  function learnParameters(parameters: URLSearchParams): void {
    for (const name of secretNames) for (const value of parameters.getAll(name)) learn(name, value)
  }

  function learnBody(body: string): void {
    for (const [, name = '', value] of body.matchAll(memberPattern)) learn(name, value)
    for (const [, name = '', value = ''] of body.matchAll(carriedPattern)) {
      learn(name, value)
      learnParameters(new URLSearchParams(`${name}=${value}`))
    }
    if (/^[\w.%+-]+=/.test(body)) learnParameters(new URLSearchParams(body))
    for (const [input] of body.matchAll(hiddenInputPattern)) {
      if (openFieldPattern.test(input)) continue
      learn('hidden field', /\bvalue=["']([^"']{16,})["']/i.exec(input)?.[1])
    }
  }

  function text(plain: string): string {
    if (replacements.size === 0) return plain
    // The longest first, because one secret may be the beginning of another; in one pass, so that no label is read again.
    pattern ??= new RegExp(
      [...replacements.keys()]
        .sort((left, right) => right.length - left.length)
        .map((secret) => secret.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
        .join('|'),
      'g',
    )
    return plain.replace(pattern, (secret) => replacements.get(secret) ?? secret)
  }

  function deep<T>(value: T): T {
    if (typeof value === 'string') return text(value) as T
    if (Array.isArray(value)) return value.map(deep) as T
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, deep(member)])) as T
  }
}

const cookieAttributes = new Set(['path', 'domain', 'expires', 'max-age', 'samesite'])

/** As it is, as a form or query writes it, and as JSON does. */
function spellings(value: string): Set<string> {
  return new Set([
    value,
    encodeURIComponent(value),
    new URLSearchParams({ '': value }).toString().slice(1),
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/'),
  ])
}
