/** Whether a POST came from a page that we showed to this very browser (house rule 46; Fetch Metadata, RFC 6454 §7). */

import { encodeBase64Url, equalInConstantTime, keyedHash } from '../platform/crypto.ts'
import { isLoopbackHost, parseUrl } from '../platform/url.ts'

/** Derived from the browser's cookie, so there is nothing to store; of use for one purpose only, such as `logout`. */
export function csrfToken(key: Uint8Array, browserToken: string, purpose: string): string {
  return encodeBase64Url(keyedHash(key, 'csrf', browserToken, purpose))
}

/** What is wrong with it, for the log; undefined for a genuine one. */
export function findForgery(
  request: Request,
  presented: string | null,
  expected: string,
  origin: string,
): 'csrf-token' | 'sec-fetch-site' | 'origin' | undefined {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') return 'sec-fetch-site'
  // Over plain http on a LAN name Chromium sends no Sec-Fetch-Site.
  if (site === null && !isOurOrigin(request.headers, origin)) return 'origin'
  return equalInConstantTime(presented ?? '', expected) ? undefined : 'csrf-token'
}

/**
 * Also under a further name that the operator lists, which the front door has judged as the Host of this request. On a
 * loopback address one server answers to `localhost`, `127.0.0.1` and `[::1]`; its port tells it from others.
 */
function isOurOrigin(headers: Headers, origin: string): boolean {
  const presented = headers.get('origin') ?? ''
  if (presented === origin) return true
  const theirs = parseUrl(presented)
  const ours = new URL(origin)
  if (theirs?.origin !== presented || theirs.protocol !== ours.protocol) return false
  if (theirs.host === headers.get('host')?.toLowerCase()) return true
  return theirs.port === ours.port && isLoopbackHost(theirs.hostname) && isLoopbackHost(ours.hostname)
}
