/** Sets of public keys that a client or an issuer publishes under a URL (RFC 7591 §2 `jwks_uri`): fetched through the guarded way out, kept while fresh, asked for anew when a key is missing. */

import { documentFreshSeconds } from '../oauth/client-id-metadata-document.ts'
import { OAuthError, type OAuthErrorCode } from '../oauth/errors.ts'
import { type JsonWebKeySet, jsonWebKeySetProblems, readJsonWebKeySet } from '../oauth/json-web-key.ts'
import type { Clock } from '../platform/clock.ts'
import { OutboundError, type OutboundFetch } from '../platform/outbound-fetch.ts'

export interface RemoteKeys {
  /** Throws `invalid_client`, or what the owner says, where the URL publishes no keys, `temporarily_unavailable` where it cannot be asked. */
  find(url: string): Promise<JsonWebKeySet>
  /** For a signature that the known keys do not verify: the keys of now. Undefined when they were asked for a moment ago. */
  renew(url: string): Promise<JsonWebKeySet | undefined>
}

interface KnownKeys {
  keys: JsonWebKeySet
  fetchedAt: number
  freshUntil: number
}

/** So often is a URL asked on account of signatures that do not verify: whoever sends such ones must not make us knock there. */
const renewEverySeconds = 60
/** Of so many URLs; the one asked longest ago goes first, and is asked again when it is needed. */
const maximumKnownUrls = 1000
const maximumFetches = 10

/** Whose keys they are, in a sentence for whoever is refused, and the code for those that were taken back. */
export interface KeyOwner {
  whose: string
  withdrawn: OAuthErrorCode
}

const clientKeys: KeyOwner = { whose: "the client's keys", withdrawn: 'invalid_client' }

export function createRemoteKeys(
  outboundFetch: OutboundFetch,
  clock: Clock,
  { whose, withdrawn }: KeyOwner = clientKeys,
): RemoteKeys {
  const known = new Map<string, KnownKeys>()
  const running = new Map<string, Promise<JsonWebKeySet>>()

  async function find(url: string): Promise<JsonWebKeySet> {
    const standing = known.get(url)
    if (standing !== undefined && standing.freshUntil > clock()) return standing.keys
    try {
      return await fetchOnce(url)
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      if (error instanceof KeysWithdrawn) {
        known.delete(url)
        throw new OAuthError(withdrawn, `${whose} could not be read: ${error.message}`)
      }
      if (standing !== undefined) return standing.keys
      throw new OAuthError('temporarily_unavailable', `${whose} could not be read: ${error.message}`)
    }
  }

  async function renew(url: string): Promise<JsonWebKeySet | undefined> {
    const standing = known.get(url)
    if (standing !== undefined && clock() - standing.fetchedAt < renewEverySeconds) return undefined
    if (standing !== undefined) known.set(url, { ...standing, freshUntil: 0, fetchedAt: clock() })
    return find(url)
  }

  function fetchOnce(url: string): Promise<JsonWebKeySet> {
    const standing = running.get(url)
    if (standing !== undefined) return standing
    if (running.size >= maximumFetches)
      throw new OAuthError('temporarily_unavailable', 'too many keys are being read; try again')
    const fetching = fetchKeys(url).finally(() => running.delete(url))
    running.set(url, fetching)
    return fetching
  }

  async function fetchKeys(url: string): Promise<JsonWebKeySet> {
    const answer = await outboundFetch(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
    })
    const { host } = new URL(url)
    if (answer.status !== 200) {
      const says = `${host} answered ${answer.status} instead of 200`
      if (answer.status === 404 || answer.status === 410) throw new KeysWithdrawn('wrong-status', says)
      throw new OutboundError('wrong-status', says)
    }
    const document = parseJson(answer.text, host)
    const problem = jsonWebKeySetProblems(document, 'the key set')[0]
    if (problem !== undefined) throw new OutboundError('wrong-body', problem.says)
    const keys = readJsonWebKeySet(document)
    const now = clock()
    known.delete(url)
    known.set(url, {
      keys,
      fetchedAt: now,
      freshUntil: now + documentFreshSeconds(answer.headers.get('cache-control')),
    })
    for (const oldest of known.keys()) {
      if (known.size <= maximumKnownUrls) break
      known.delete(oldest)
    }
    return keys
  }

  return { find, renew }
}

/** Not a host that is down: one that takes its keys back. */
class KeysWithdrawn extends OutboundError {}

function parseJson(text: string, host: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new OutboundError('wrong-body', `the key set of ${host} is not JSON`, { cause })
  }
}
