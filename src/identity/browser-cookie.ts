/** Cookies that one browser keeps for us: only this host, only over TLS where there is any, never for scripts (RFC 6265bis §4.1.3). */

import { parse, serialize } from 'hono/utils/cookie'
import { randomToken } from '../platform/crypto.ts'

export interface BrowserCookie {
  readonly name: string
  /** A value that we could have made, or undefined. */
  find(request: Request): string | undefined
  mint(): string
  /** The Set-Cookie header; without an age the browser forgets it when it is closed. */
  set(value: string, maximumAgeSeconds?: number): string
  clear(): string
}

/**
 * `label` distinguishes our cookies, `tokenPrefix` marks their values (`pst_xx_`). Over plain http there is no
 * `__Host-`, and a cookie is shared by all ports of localhost, so the port is in its name: two Posterns on one machine
 * would else sign each other out.
 */
export function createBrowserCookie(origin: string, label: string, tokenPrefix: string): BrowserCookie {
  const { protocol, port } = new URL(origin)
  const isSecure = protocol === 'https:'
  const name = isSecure ? `__Host-${label}` : port === '' ? label : `${label}-${port}`
  const shape = new RegExp(`^${tokenPrefix}[A-Za-z0-9_-]{43}$`)
  const attributes = { path: '/', httpOnly: true, secure: isSecure, sameSite: 'Lax' } as const
  return {
    name,
    find(request) {
      const value = parse(request.headers.get('cookie') ?? '', name)[name]
      return value !== undefined && shape.test(value) ? value : undefined
    },
    mint: () => tokenPrefix + randomToken(),
    set: (value, maximumAgeSeconds) =>
      serialize(name, value, {
        ...attributes,
        ...(maximumAgeSeconds === undefined ? {} : { maxAge: maximumAgeSeconds }),
      }),
    clear: () => serialize(name, '', { ...attributes, maxAge: 0 }),
  }
}
