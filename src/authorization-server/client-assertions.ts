/** Judges clients that authenticate with a key (RFC 7523 §3): whose keys, which audience, and no assertion twice. */

import { type VerifiedAssertion, verifyClientAssertion } from '../oauth/client-assertion.ts'
import type { ClientAuthentication } from '../oauth/client-authentication.ts'
import type { JsonWebKeySet } from '../oauth/json-web-key.ts'
import { hashToken } from '../platform/crypto.ts'
import type { Client } from './clients.ts'
import { endpointPaths } from './endpoints/metadata.ts'
import type { RemoteKeys } from './remote-keys.ts'
import type { AuthorizationServerSettings } from './settings.ts'

export interface ClientAssertions {
  /** Why a client with keys did not prove itself; undefined if it did, by an assertion that is spent from now on. */
  faultOf(client: Client, reading: ClientAuthentication): Promise<string | undefined>
}

/** Assertions of one client that are remembered at one time: at a lifetime of an hour, nearly three a second. */
const maximumRemembered = 10_000

export function createClientAssertions(
  settings: AuthorizationServerSettings,
  remoteKeys: RemoteKeys,
): ClientAssertions {
  const { issuer, storage, clock } = settings
  const audiences = settings.clientRules.tokenEndpointAudience
    ? [issuer, issuer + endpointPaths.token]
    : [issuer]

  async function faultOf(client: Client, reading: ClientAuthentication): Promise<string | undefined> {
    if (reading.method !== 'private_key_jwt')
      return 'this client authenticates with private_key_jwt: its client_assertion is missing'
    const verified = await verify(client, reading.assertion)
    if ('fault' in verified) return `the client_assertion was not accepted: ${verified.fault}`
    const owner = hashToken(`client assertion of ${client.clientId}`)
    const idHash = hashToken(`${owner} ${verified.id}`)
    const taken = await storage.takeUniqueId(
      { idHash, owner, expiresAt: verified.expiresAt },
      maximumRemembered,
      clock(),
    )
    if (taken === 'already-taken') return 'the client_assertion was used before; sign a new one each time'
    if (taken === 'full')
      return 'too many assertions of this client have not expired yet; sign ones that live for a minute'
    return undefined
  }

  async function verify(client: Client, assertion: string): Promise<VerifiedAssertion> {
    const verifyWith = (keys: JsonWebKeySet): Promise<VerifiedAssertion> =>
      verifyClientAssertion(assertion, keys, { clientId: client.clientId, audiences, now: clock() })
    const { jwks, jwksUri } = client.metadata
    if (jwksUri === undefined) return verifyWith(jwks ?? { keys: [] })
    const verified = await verifyWith(await remoteKeys.find(jwksUri))
    if (!('fault' in verified) || !verified.isAboutKeys) return verified
    const renewed = await remoteKeys.renew(jwksUri)
    return renewed === undefined ? verified : verifyWith(renewed)
  }

  return { faultOf }
}
