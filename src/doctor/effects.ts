/** What a run leaves behind on a server, and its undoing where the server allows: registrations (RFC 7592 §2.3) and tokens (RFC 7009). */

import { isSafeEndpoint } from '../client/safe-endpoint.ts'
import { parseUrl } from '../platform/url.ts'

export interface Effect {
  /** In the past tense: `registered the client 4f2…`. */
  did: string
  undone: boolean
  /** Why it was not undone, or how. */
  says: string
}

export interface EffectWatch {
  fetch: typeof fetch
  /** Takes back what can be taken back, and tells of all. */
  undo(tokens: GivenToken | undefined): Promise<Effect[]>
}

export interface GivenToken {
  token: string
  clientId: string
  revocationEndpoint: string | undefined
}

interface Registration {
  clientId: string
  /** Both or neither, as RFC 7592 §3 has it. */
  management: { uri: string; token: string } | undefined
}

/** Notes every registration that goes through `fetch`, with what it takes to give it back. */
export function watchEffects(outward: typeof fetch): EffectWatch {
  const registrations: Registration[] = []
  return {
    async fetch(input, init) {
      const response = await outward(input, init)
      if (isRegistration(init) && response.ok) {
        const text = await response.text()
        const registration = readRegistration(text, String(input))
        if (registration !== undefined) registrations.push(registration)
        const { status, statusText, headers } = response
        return new Response(text, { status, statusText, headers })
      }
      return response
    },
    async undo(given) {
      const removed = registrations.map((registration) => remove(registration, outward))
      const revoked = given === undefined ? [] : [revoke(given, outward)]
      return Promise.all([...removed, ...revoked])
    },
  }
}

function isRegistration(init: RequestInit | undefined): boolean {
  return (
    init?.method === 'POST' && typeof init.body === 'string' && /^\{[^{}]*"redirect_uris":\[/.test(init.body)
  )
}

function readRegistration(text: string, endpoint: string): Registration | undefined {
  let document: Record<string, unknown>
  try {
    document = JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
  if (typeof document?.client_id !== 'string') return undefined
  const { registration_client_uri: uri, registration_access_token: token } = document
  // The token is the server's own; it is shown to nobody else.
  const isOwn = parseUrl(String(uri))?.origin === parseUrl(endpoint)?.origin
  const management =
    typeof uri === 'string' && typeof token === 'string' && isOwn ? { uri, token } : undefined
  return { clientId: document.client_id, management }
}

async function remove({ clientId, management }: Registration, outward: typeof fetch): Promise<Effect> {
  const did = `registered the client ${clientId.slice(0, 60)}`
  if (management === undefined || !isSafeEndpoint(management.uri)) {
    return { did, undone: false, says: 'the server offers no way to remove it (RFC 7592)' }
  }
  const answer = await outward(management.uri, {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${management.token}` },
    redirect: 'manual',
  }).catch(() => undefined)
  await answer?.body?.cancel().catch(() => undefined)
  const undone = answer?.status === 204 || answer?.status === 200
  const says = undone ? 'removed' : `its removal was answered with ${answer?.status ?? 'nothing'}`
  return { did, undone, says }
}

async function revoke(given: GivenToken, outward: typeof fetch): Promise<Effect> {
  const did = 'signed in and was given tokens'
  if (given.revocationEndpoint === undefined || !isSafeEndpoint(given.revocationEndpoint)) {
    return { did, undone: false, says: 'the server has no revocation endpoint; they live until they expire' }
  }
  const body = new URLSearchParams({ token: given.token, client_id: given.clientId })
  const answer = await outward(given.revocationEndpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
    redirect: 'manual',
  }).catch(() => undefined)
  await answer?.body?.cancel().catch(() => undefined)
  const undone = answer?.status === 200
  return {
    did,
    undone,
    says: undone ? 'revoked' : `their revocation was answered with ${answer?.status ?? 'nothing'}`,
  }
}
