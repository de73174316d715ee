/** One request as an access log tells it: what says how far a client came, and nothing that would be a secret. */

/** The contract of a format: one file each. */
export interface LogFormat {
  /** For people. */
  title: string
  /** Undefined for a line of another format. */
  read(line: string): LoggedRequest | undefined
}

export interface LoggedRequest {
  /** Epoch seconds. */
  at: number
  method: string
  /** Without the query: codes and states are not kept. */
  path: string
  status: number
  /** Of the client, or of the proxy before the one that wrote the log. */
  address: string | undefined
  userAgent: string | undefined
  durationMs: number | undefined
  /** Whether it carried an Authorization header; undefined where the format does not tell. */
  hasToken: boolean | undefined
  /** Where an authorization request takes its answer. */
  redirectUri: string | undefined
}

interface Told {
  at: number | undefined
  /** `POST /mcp HTTP/1.1`, or its two parts. */
  request?: string | undefined
  method?: string | undefined
  target?: string | undefined
  status: number
  address: string | undefined
  userAgent: string | undefined
  durationMs: number | undefined
  hasToken: boolean | undefined
}

/** Undefined for what is no request: a TLS handshake on a plain port, a scanner's bytes. */
export function requestOf(told: Told): LoggedRequest | undefined {
  const { address, at, durationMs, hasToken, request = '', status, userAgent } = told
  const [, first, second] = /^([A-Z]{3,10}) (\S+)(?: HTTP\/[\d.]+)?$/.exec(request) ?? []
  const method = told.method ?? first
  const target = told.target ?? second
  if (at === undefined || method === undefined || target === undefined) return undefined
  if (!Number.isFinite(at) || !Number.isInteger(status) || status < 100 || status > 599) return undefined
  const { path, query } = partsOf(target)
  if (!path.startsWith('/')) return undefined
  const isBlank = userAgent === undefined || userAgent === '' || userAgent === '-'
  return {
    at,
    method,
    path,
    status,
    address,
    userAgent: isBlank ? undefined : userAgent,
    durationMs: durationMs !== undefined && durationMs >= 0 ? durationMs : undefined,
    hasToken,
    redirectUri: query.includes('redirect_uri=')
      ? (new URLSearchParams(query).get('redirect_uri') ?? undefined)
      : undefined,
  }
}

/** Origin form or absolute form (RFC 9112 §3.2); by hand, because most lines of a log are nobody’s attempt. */
function partsOf(target: string): { path: string; query: string } {
  const [path = '', query = ''] = target.replace(/^https?:\/\/[^/]*/, '').split('?', 2)
  return { path, query }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `21/Nov/2026:09:35:36 +0100`, as Apache and nginx write it. */
export function readLogTime(text: string): number | undefined {
  const found = /^(\d{2})\/(\w{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2}):?(\d{2})$/.exec(text)
  const month = months.indexOf(found?.[2] ?? '')
  if (found === null || month < 0) return undefined
  const [day, , year, hours, minutes, seconds, , zoneHours, zoneMinutes] = found.slice(1).map(Number)
  const local = Date.UTC(year ?? 0, month, day, hours, minutes, seconds) / 1000
  const offset = (zoneHours ?? 0) * 3600 + (zoneMinutes ?? 0) * 60
  return found[7] === '-' ? local + offset : local - offset
}

export function readIsoTime(text: string): number | undefined {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms / 1000
}
