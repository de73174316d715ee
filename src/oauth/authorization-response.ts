/** The authorization response with its issuer (OAuth 2.1 §4.1.2, RFC 9207), written by the server and judged by the connector. */

import type { Issuer } from './authorization-server-metadata.ts'
import type { Problem } from './errors.ts'
import type { TrustedRedirect } from './redirect-uri.ts'

export type AuthorizationAnswer =
  | { code: string; state: string | undefined }
  | { error: string; errorDescription: string | undefined; state: string | undefined }

/** The URL a browser is sent to. Only a trusted redirect can be answered, so this cannot become an open redirector. */
export function formatAuthorizationResponse(
  redirect: TrustedRedirect,
  issuer: Issuer,
  answer: AuthorizationAnswer,
): string {
  const parameters = new URLSearchParams()
  if ('code' in answer) {
    parameters.set('code', answer.code)
  } else {
    parameters.set('error', answer.error)
    if (answer.errorDescription !== undefined) parameters.set('error_description', answer.errorDescription)
  }
  if (answer.state !== undefined) parameters.set('state', answer.state)
  parameters.set('iss', issuer)
  // Appended as text: a URL object would rewrite the client's own bytes (`com.example:/cb`, escapes, empty query).
  // A blank as %20, which every reader of a query understands; `+` stays a plus for some (Apple's URLComponents).
  const query = parameters.toString().replaceAll('+', '%20')
  return `${redirect.uri}${redirect.uri.includes('?') ? '&' : '?'}${query}`
}

/** What came back to the callback. */
export interface AuthorizationResponse {
  code: string | undefined
  state: string | undefined
  iss: string | undefined
  error: string | undefined
  errorDescription: string | undefined
}

export function readAuthorizationResponse(parameters: URLSearchParams): AuthorizationResponse {
  return {
    code: parameters.get('code') ?? undefined,
    state: parameters.get('state') ?? undefined,
    iss: parameters.get('iss') ?? undefined,
    error: parameters.get('error') ?? undefined,
    errorDescription: parameters.get('error_description') ?? undefined,
  }
}

/**
 * RFC 9207 §2.4 and the four-row table of MCP 2026-07-28: promised and absent is refused, present is
 * compared character by character, whether promised or not. Judge this before `error` is believed.
 */
export function issuerProblems(
  response: AuthorizationResponse,
  expected: { issuer: string; promised: boolean },
): Problem[] {
  const problem = (says: string): Problem[] => [
    { code: 'invalid_request', at: 'iss', says, standard: 'RFC 9207 §2.4' },
  ]
  if (response.iss === undefined) {
    return expected.promised ? problem('the metadata promises iss in the redirect, but it is missing') : []
  }
  if (response.iss === expected.issuer) return []
  return problem(
    `iss is ${JSON.stringify(response.iss.slice(0, 200))}, the issuer is ${JSON.stringify(expected.issuer)}; they must be identical`,
  )
}
