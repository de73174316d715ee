/** The answers of the endpoints that machines call: JSON that no cache keeps (OAuth 2.1 §3.2.3, RFC 7591 §3.2.1). */

import type { OAuthError } from '../oauth/errors.ts'

export function jsonAnswer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      ...headers,
    },
  })
}

/** OAuth 2.1 §3.2.4. A 401 names Basic, since a client that used it must be told so, and one that did not loses nothing. */
export function errorAnswer(error: OAuthError, errorId: string): Response {
  const body = { error: error.code, error_description: error.description, error_id: errorId }
  const headers: Record<string, string> = {}
  if (error.code === 'invalid_client') headers['www-authenticate'] = 'Basic realm="oauth"'
  // Of the registration endpoints, which alone take a Bearer token here (RFC 6750 §3).
  if (error.code === 'invalid_token') headers['www-authenticate'] = 'Bearer realm="registration"'
  const retryAfterSeconds =
    error.retryAfterSeconds ?? (error.code === 'temporarily_unavailable' ? 60 : undefined)
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  return jsonAnswer(error.status, body, headers)
}
