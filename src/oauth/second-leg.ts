/** Where Postern is itself a client: at the providers at which people sign in, and at those of their accounts (OAuth 2.1 §4.1; the protocol by openid-client; house rule 11). */

import * as oauth from 'openid-client'
import { isSecureOrLoopback, parseUrl } from '../platform/url.ts'

/** `says` is for the log. */
export interface SecondLegFailure {
  outcome: 'declined' | 'failed'
  says: string
}

export function failureOf(error: unknown): SecondLegFailure {
  const isDenied = error instanceof oauth.AuthorizationResponseError && error.error === 'access_denied'
  return { outcome: isDenied ? 'declined' : 'failed', says: reasonOf(error) }
}

/** For the log: what the provider gave as its reason, or which check failed, and never what it was given. */
export function reasonOf(error: unknown): string {
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError)
    return error.error_description === undefined ? error.error : `${error.error}: ${error.error_description}`
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** Throws a `TypeError`: plain http is for this machine alone. */
export function refuseInsecureUrl(text: string): void {
  const url = parseUrl(text)
  if (url === undefined || !isSecureOrLoopback(url))
    throw new TypeError(`${JSON.stringify(text)} must be an https URL`)
}

/** Throws a `TypeError`: an operator may add to an authorization request, and not change it. */
export function refuseOwnParameters(parameters: Readonly<Record<string, string>> = {}): void {
  const own = Object.keys(parameters).find((name) => ownParameters.has(name))
  if (own !== undefined) throw new TypeError(`${own} is a parameter that Postern sets`)
}

const ownParameters: ReadonlySet<string> = new Set(
  'client_id redirect_uri response_type scope state code_challenge code_challenge_method nonce'.split(' '),
)
