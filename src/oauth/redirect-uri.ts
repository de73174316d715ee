/** Redirect URIs: which may be registered, and which a browser may be sent to (OAuth 2.1 §2.3 and §4.1.3, RFC 8252 §7). */

import { isLoopbackHost, parseUrl } from '../platform/url.ts'
import type { Problem } from './errors.ts'

declare const trusted: unique symbol

/** A redirect URI that was compared with what its client registered. Only `trustRedirect` makes one, so an error can be redirected only by someone who did that. */
export interface TrustedRedirect {
  readonly uri: string
  readonly [trusted]: true
}

/** The requested URI if the client registered it: character by character, but for the port of a loopback address (RFC 8252 §7.3, and `localhost` as Claude Code sends it, observed 2026-11). */
export function trustRedirect(requested: string, registered: readonly string[]): TrustedRedirect | undefined {
  const asked = canonicalRedirectUri(requested)
  const known = registered.some((uri) => uri === requested || canonicalRedirectUri(uri) === asked)
  if (!known || redirectUriProblems([requested]).length > 0) return undefined
  return { uri: requested } as TrustedRedirect
}

/** The URI with the port dropped where it does not count: loopback over http. Any other URI is returned as it is. */
export function canonicalRedirectUri(uri: string): string {
  const loopback = /^(http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(\/[^\s]*)?$/.exec(uri)
  return loopback === null ? uri : `${loopback[1]}${loopback[2] ?? ''}`
}

/** A program on the user's own device receives it: anything there can claim to be this client, so consent to it is never remembered. */
export function isLocalRedirect(uri: string): boolean {
  const url = parseUrl(uri)
  return url === undefined || url.protocol !== 'https:' || isLoopbackHost(url.hostname)
}

/** What a person is told about where the answer goes: the host, or "this device". */
export function redirectHost(uri: string): string {
  const url = parseUrl(uri)
  if (url === undefined) return 'unknown'
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.host : `${url.protocol}//`
}

/**
 * Whether a URI leads where an operator's list says: `claude.ai`, `mcp.example.com:8443`, `*.example.com` for the hosts
 * below it, `localhost` for this device by any of its names and ports, or a private scheme such as `cursor:`.
 */
export function isRedirectTo(uri: string, pattern: string): boolean {
  const url = parseUrl(uri)
  if (url === undefined) return false
  const wanted = pattern.toLowerCase()
  if (wanted.endsWith(':')) return url.protocol === wanted
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return false
  if (isLoopbackHost(wanted.replace(/:\d+$/, ''))) return isLoopbackHost(url.hostname)
  // An upper-case letter in a host was folded by the parser; a port that is not named is the usual one.
  if (wanted.startsWith('*.')) return url.protocol === 'https:' && url.host.endsWith(wanted.slice(1))
  return url.protocol === 'https:' && url.host === wanted
}

/** RFC 7591 §2, RFC 8252 §7 and §8.4, RFC 9700 §2.1: https, http on loopback, or a private-use scheme that names its owner. */
export function redirectUriProblems(uris: readonly string[]): Problem[] {
  const problems: Problem[] = []
  uris.forEach((uri, index) => {
    const says = redirectUriFault(uri)
    if (says !== undefined) {
      const at = `redirect_uris[${index}]`
      problems.push({ code: 'invalid_redirect_uri', at, says, standard: 'RFC 7591 §2, RFC 8252 §7' })
    }
  })
  return problems
}

/** A longer one is no redirect URI that any client sends. */
const maximumUriLength = 2000

/** Schemes that make a browser run or show what they carry. */
const dangerousSchemes = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'ftp:',
  'ws:',
  'wss:',
])

/** The scheme of the Claude desktop app, the one private-use scheme without a dot that is let through. */
const knownPrivateSchemes = new Set(['claude:', 'cursor:', 'vscode:', 'vscode-insiders:'])

/** The answer brings these, and none may come twice (RFC 6749 §3.1, RFC 9207 §2): a client that reads the first would read the wrong one. */
const responseParameters: readonly string[] = ['code', 'state', 'iss', 'error', 'error_description']

function redirectUriFault(uri: string): string | undefined {
  const shown = JSON.stringify(uri.slice(0, 200))
  if (uri.length > maximumUriLength) return `a redirect URI is longer than ${maximumUriLength} characters`
  const url = parseUrl(uri)
  // RFC 3986 §2: a URI is ASCII. Anything else could not stand in a Location header, or would be rewritten on the way.
  if (url === undefined || !/^[\x21-\x5b\x5d-\x7e]+$/.test(uri))
    return `redirect URI ${shown} is not an absolute URL`
  if (uri.includes('#')) return `redirect URI ${shown} has a fragment`
  if (url.username !== '' || url.password !== '')
    return `redirect URI ${shown} carries a user name or password`
  const taken = responseParameters.find((name) => url.searchParams.has(name))
  if (taken !== undefined) return `redirect URI ${shown} has a parameter ${taken} of its own`
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:') {
    return isLoopbackHost(url.hostname)
      ? undefined
      : `redirect URI ${shown} must use https; http is for loopback only`
  }
  if (dangerousSchemes.has(url.protocol)) return `redirect URI ${shown} uses a scheme that is never a client`
  if (url.protocol.includes('.') || knownPrivateSchemes.has(url.protocol)) return undefined
  return `redirect URI ${shown} uses a private scheme without a domain; use reverse-domain form such as com.example.app:/callback`
}
