/** What a run leaves behind on a server, and its undoing where the server allows: registrations (RFC 7592 §2.3) and tokens (RFC 7009). */

import { isSafeEndpoint } from '../client/safe-endpoint.ts'
import { parseUrl } from '../platform/url.ts'
import { type Document, jsonOf } from './examination.ts'

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
  undo(places: RevocationPlaces): Promise<Effect[]>
}

/** As the metadata names them: tokens of another endpoint are given to nobody. */
export interface RevocationPlaces {
  tokenEndpoint: unknown
  revocationEndpoint: unknown
  /** A sign-in that is for a later run; it and its client stay. */
  kept?: { clientId: string; accessToken: string } | undefined
}

interface Registration {
  clientId: string
  /** Both or neither, as RFC 7592 §3 has it. */
  management: { uri: string; token: string } | undefined
}

/** What one code was exchanged for, and everything that it was renewed to. */
interface GivenGrant {
  endpoint: string
  /** As the client proved itself at the token endpoint. */
  proof: { headers: Record<string, string>; fields: Record<string, string> }
  /** The last is the one that lives. */
  refreshTokens: string[]
  accessToken: string
}

/** Notes every registration and every grant that goes through `fetch`, with what it takes to give it back. */
export function watchEffects(outward: typeof fetch): EffectWatch {
  const registrations: Registration[] = []
  const grants: GivenGrant[] = []
  return {
    async fetch(input, init) {
      const response = await outward(input, init)
      const note = noteOf(init, String(input))
      if (note === undefined || !response.ok) return response
      const text = await response.text()
      note(jsonOf({ responseBody: text }) ?? {})
      const { status, statusText, headers } = response
      return new Response(text, { status, statusText, headers })
    },
    async undo(places) {
      const { kept } = places
      const given = grants.filter(({ accessToken }) => accessToken !== kept?.accessToken)
      const passing = registrations.filter(({ clientId }) => clientId !== kept?.clientId)
      // First: a client that is removed can give nothing back.
      const revoked = given.length === 0 ? [] : [await revokeAll(given, places, outward)]
      const removed = passing.map((registration) => remove(registration, outward))
      const keeps =
        kept === undefined ? [] : [{ did: 'signed in', undone: false, says: 'kept for a later run' }]
      return [...(await Promise.all(removed)), ...revoked, ...keeps]
    },
  }

  function noteOf(init: RequestInit | undefined, url: string): ((answer: Document) => void) | undefined {
    if (init?.method !== 'POST' || typeof init.body !== 'string') return undefined
    if (/^\{[^{}]*"redirect_uris":\[/.test(init.body)) return (answer) => noteRegistration(answer, url)
    const form = new URLSearchParams(init.body)
    if (!form.has('grant_type')) return undefined
    const authorization = new Headers(init.headers).get('authorization')
    return (answer) => noteGrant(answer, form, authorization, url)
  }

  function noteRegistration(answer: Document, endpoint: string): void {
    if (typeof answer.client_id !== 'string') return
    const { registration_client_uri: uri, registration_access_token: token } = answer
    // The token is the server's own; it is shown to nobody else.
    const isOwn = parseUrl(String(uri))?.origin === parseUrl(endpoint)?.origin
    const management =
      typeof uri === 'string' && typeof token === 'string' && isOwn ? { uri, token } : undefined
    registrations.push({ clientId: answer.client_id, management })
  }

  function noteGrant(
    answer: Document,
    form: URLSearchParams,
    authorization: string | null,
    endpoint: string,
  ): void {
    const { access_token: accessToken, refresh_token: refreshToken } = answer
    if (typeof accessToken !== 'string') return
    const given = typeof refreshToken === 'string' ? [refreshToken] : []
    if (form.get('grant_type') === 'authorization_code') {
      grants.push({ endpoint, proof: proofOf(form, authorization), refreshTokens: given, accessToken })
      return
    }
    // What was given to somebody else, and only renewed here, is not ours to give back.
    const renewed = grants.find(({ refreshTokens }) =>
      refreshTokens.includes(form.get('refresh_token') ?? ''),
    )
    if (renewed === undefined) return
    renewed.accessToken = accessToken
    renewed.refreshTokens.push(...given)
  }
}

function proofOf(form: URLSearchParams, authorization: string | null): GivenGrant['proof'] {
  const fields = [...form].filter(([name]) => name === 'client_id' || name === 'client_secret')
  return {
    headers: authorization === null ? {} : { Authorization: authorization },
    fields: Object.fromEntries(fields),
  }
}

async function remove({ clientId, management }: Registration, outward: typeof fetch): Promise<Effect> {
  const did = `registered the client ${clientId.slice(0, 60)}`
  if (management === undefined || !isSafeEndpoint(management.uri)) {
    return { did, undone: false, says: 'the server offers no way to remove it (RFC 7592)' }
  }
  const status = await statusOf(outward, management.uri, {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${management.token}` },
  })
  const undone = status === 204 || status === 200
  const says = undone ? 'removed' : `its removal was answered with ${status ?? 'nothing'}`
  return { did, undone, says }
}

async function revokeAll(
  grants: readonly GivenGrant[],
  { tokenEndpoint, revocationEndpoint }: RevocationPlaces,
  outward: typeof fetch,
): Promise<Effect> {
  const times = grants.length === 1 ? '' : `${grants.length} times `
  const did = `signed in ${times}and was given tokens`
  if (typeof revocationEndpoint !== 'string' || !isSafeEndpoint(revocationEndpoint)) {
    return { did, undone: false, says: 'the server has no revocation endpoint; they live until they expire' }
  }
  const own = grants.filter(({ endpoint }) => endpoint === tokenEndpoint)
  const statuses = await Promise.all(own.map((grant) => revoke(grant, revocationEndpoint, outward)))
  const failed = statuses.find((status) => status !== 200)
  if (failed === undefined && own.length === grants.length) return { did, undone: true, says: 'revoked' }
  const says =
    own.length === grants.length
      ? `their revocation was answered with ${failed ?? 'nothing'}`
      : 'they are of a token endpoint that the metadata does not name; they live until they expire'
  return { did, undone: false, says }
}

function revoke(
  { proof, refreshTokens, accessToken }: GivenGrant,
  endpoint: string,
  outward: typeof fetch,
): Promise<number | undefined> {
  const body = new URLSearchParams({ token: refreshTokens.at(-1) ?? accessToken, ...proof.fields })
  return statusOf(outward, endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...proof.headers },
    body: body.toString(),
  })
}

async function statusOf(outward: typeof fetch, url: string, init: RequestInit): Promise<number | undefined> {
  const answer = await outward(url, { ...init, redirect: 'manual' }).catch(() => undefined)
  await answer?.body?.cancel().catch(() => undefined)
  return answer?.status
}
