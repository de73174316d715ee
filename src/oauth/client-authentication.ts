/** How a client proves who it is at the token endpoint: none, client_secret_post, client_secret_basic, private_key_jwt (OAuth 2.1 §2.4, RFC 6749 §2.3.1, RFC 7523 §2.2). */

import { assertedClientId, clientAssertionType } from './client-assertion.ts'
import { OAuthError } from './errors.ts'

export type ClientAuthentication = SecretAuthentication | AssertionAuthentication

export interface SecretAuthentication {
  method: 'none' | 'client_secret_basic' | 'client_secret_post'
  clientId: string
  /** Every secret that the sent text can mean; empty for `none`. Basic has two readings, see `basicReadings`. */
  secrets: readonly string[]
}

export interface AssertionAuthentication {
  method: 'private_key_jwt'
  /** What the request or the assertion says; proved by nothing yet. */
  clientId: string
  /** It shows a signature, and none of these. */
  secrets: readonly string[]
  assertion: string
}

/** The parameters of a request that say who its client is. */
export interface ClientParameters {
  clientId: string | undefined
  clientSecret: string | undefined
  clientAssertion?: string | undefined
  clientAssertionType?: string | undefined
}

/**
 * Throws `invalid_request` for two methods in one request or none with no id, `invalid_client` for an
 * unreadable Basic header. A client id in the URL is never read.
 */
export function readClientAuthentication(
  authorization: string | undefined,
  parameters: ClientParameters,
): readonly ClientAuthentication[] {
  const { clientId, clientSecret } = parameters
  if (parameters.clientAssertion !== undefined || parameters.clientAssertionType !== undefined)
    return [readAssertion(authorization, parameters)]
  if (authorization !== undefined && /^basic(?: |$)/i.test(authorization)) {
    const readings = basicReadings(authorization.slice(6).trim())
    if (readings.length === 0)
      throw new OAuthError('invalid_client', 'the Basic authorization header cannot be read')
    if (clientSecret !== undefined) {
      throw new OAuthError('invalid_request', 'use either HTTP Basic or client_secret in the body, not both')
    }
    const consistent = readings.filter((reading) => clientId === undefined || reading.clientId === clientId)
    if (consistent.length === 0) {
      throw new OAuthError('invalid_request', 'client_id in the body is not the one in the Basic header')
    }
    return consistent
  }
  if (clientId === undefined) {
    throw new OAuthError('invalid_client', 'client_id is missing; send it in the form or by HTTP Basic')
  }
  if (clientSecret === undefined) return [{ method: 'none', clientId, secrets: [] }]
  return [{ method: 'client_secret_post', clientId, secrets: [clientSecret] }]
}

/** RFC 7521 §4.2: one method alone; a client_id beside the assertion is of the same client. */
function readAssertion(
  authorization: string | undefined,
  { clientId, clientSecret, clientAssertion, clientAssertionType: type }: ClientParameters,
): AssertionAuthentication {
  if (clientSecret !== undefined || (authorization !== undefined && /^basic(?: |$)/i.test(authorization)))
    throw new OAuthError('invalid_request', 'use either a client assertion or a client secret, not both')
  if (type !== clientAssertionType)
    throw new OAuthError('invalid_client', `client_assertion_type must be ${clientAssertionType}`)
  if (clientAssertion === undefined) throw new OAuthError('invalid_client', 'client_assertion is missing')
  const asserted = assertedClientId(clientAssertion)
  if (asserted === undefined)
    throw new OAuthError('invalid_client', 'client_assertion is not a signed JWT whose sub is the client id')
  if (clientId !== undefined && clientId !== asserted)
    throw new OAuthError('invalid_client', 'client_id is not the client that the assertion speaks for')
  return { method: 'private_key_jwt', clientId: asserted, secrets: [], assertion: clientAssertion }
}

/** RFC 6749 §2.3.1 asks for both parts percent-encoded; the MCP SDKs send them raw, so that the id of a document (`https://…`) holds colons of its own. Neither our ids nor our secrets hold any, so the first colon or the last is the one that was meant. */
function basicReadings(credentials: string): SecretAuthentication[] {
  const decoded = decodeBase64(credentials)
  if (decoded === undefined || !decoded.includes(':')) return []
  const first = decoded.indexOf(':')
  const last = decoded.lastIndexOf(':')
  const pairs: Array<[string, string]> = [
    [formDecode(decoded.slice(0, first)), formDecode(decoded.slice(first + 1))],
    [decoded.slice(0, first), decoded.slice(first + 1)],
  ]
  if (last !== first) pairs.push([decoded.slice(0, last), decoded.slice(last + 1)])
  const byClient = new Map<string, string[]>()
  for (const [clientId, secret] of pairs) {
    const secrets = byClient.get(clientId) ?? []
    if (!secrets.includes(secret)) secrets.push(secret)
    byClient.set(clientId, secrets)
  }
  return [...byClient].map(([clientId, secrets]) => {
    // An empty password is how some clients send a public client's id by Basic.
    if (secrets.every((secret) => secret === '')) return { method: 'none', clientId, secrets: [] }
    return { method: 'client_secret_basic', clientId, secrets }
  })
}

export function formatBasicAuthentication(clientId: string, clientSecret: string): string {
  return `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`
}

function decodeBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(text)) return undefined
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
      character.charCodeAt(0),
    )
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
