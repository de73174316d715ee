/** Where the connector lets anything be sent: https, or http to this very machine (OAuth 2.1 §1.5). */

import { isSecureOrLoopback, parseUrl } from '../platform/url.ts'
import { ConnectFailure } from './connect-failure.ts'

/** Throws `ConnectFailure`; `javascript:` and its kin are refused with everything else that is no web address. */
export function refuseUnsafeEndpoint(endpoint: string): void {
  if (isSafeEndpoint(endpoint)) return
  throw new ConnectFailure(
    'sign-in',
    `the endpoint ${JSON.stringify(endpoint.slice(0, 200))} is not https; http is for loopback only`,
  )
}

export function isSafeEndpoint(endpoint: string): boolean {
  const url = parseUrl(endpoint)
  return url !== undefined && isSecureOrLoopback(url)
}
