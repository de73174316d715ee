/** Passkeys of local accounts: a key on the person's own device that only answers to our own name (WebAuthn Level 3; its formats by @simplewebauthn/server). */

import { decodeBase64Url } from '../../platform/crypto.ts'
import type { PasskeyRecord, UserRecord } from '../../storage/storage.ts'
import type { PasskeyProvider, SignedByPasskey } from '../identity-provider.ts'

export function passkeys(): PasskeyProvider {
  return {
    kind: 'passkeys',
    async registrationOptions({ origin, name }, challenge, user, held) {
      const { generateRegistrationOptions } = await webAuthn()
      return generateRegistrationOptions({
        rpName: name,
        rpID: new URL(origin).hostname,
        challenge: bytesOf(challenge),
        userName: user.username,
        userDisplayName: user.displayName,
        userID: handleOf(user),
        attestationType: 'none',
        supportedAlgorithmIDs: algorithms,
        // One that is there already is not made again.
        excludeCredentials: held.map(({ passkeyId: id, transports }) => ({
          id,
          transports: transports as AuthenticatorTransport[],
        })),
        // Found without a user name, and never without the person: it is the only thing that is asked for.
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        timeout: timeoutMs,
      })
    },
    async readRegistration({ origin }, isOurs, response) {
      const { verifyRegistrationResponse } = await webAuthn()
      const expected = expectOurs(isOurs)
      const verified = await verifyRegistrationResponse({
        response: response as never,
        expectedChallenge: expected.isOurs,
        expectedOrigin: origin,
        expectedRPID: new URL(origin).hostname,
        supportedAlgorithmIDs: algorithms,
        requireUserVerification: true,
      }).catch(() => undefined)
      const credential = verified?.registrationInfo?.credential
      if (verified?.verified !== true || credential === undefined) return undefined
      const { id: passkeyId, publicKey, counter, transports = [] } = credential
      const known = transports.filter((transport) => transportNames.has(transport))
      const made = { passkeyId, publicKey: new Uint8Array(publicKey), counter, transports: known }
      return { challenge: expected.challenge(), made }
    },
    async signInOptions({ origin }, challenge) {
      const { generateAuthenticationOptions } = await webAuthn()
      return generateAuthenticationOptions({
        rpID: new URL(origin).hostname,
        challenge: bytesOf(challenge),
        userVerification: 'required',
        timeout: timeoutMs,
      })
    },
    async readSignIn({ origin }, isOurs, response, passkey) {
      const { verifyAuthenticationResponse } = await webAuthn()
      const expected = expectOurs(isOurs)
      const verified = await verifyAuthenticationResponse({
        response: response as never,
        expectedChallenge: expected.isOurs,
        expectedOrigin: origin,
        expectedRPID: new URL(origin).hostname,
        credential: credentialOf(passkey),
        requireUserVerification: true,
      }).catch(() => undefined)
      if (verified?.verified !== true) return undefined
      return { challenge: expected.challenge(), counter: verified.authenticationInfo.newCounter }
    },
    readSigned,
  }
}

/** Loaded when somebody uses a passkey: formats of every maker of authenticators are in it. */
const webAuthn = (): Promise<typeof import('@simplewebauthn/server')> => import('@simplewebauthn/server')

const timeoutMs = 120_000

/** EdDSA, ES256 and RS256 (RFC 9053): every instance can verify them, whatever its runtime has besides. */
const algorithms = [-8, -7, -257]

/** Keeps which challenge it was that was signed. */
function expectOurs(isOurs: (challenge: string) => boolean) {
  let signed = ''
  return {
    isOurs(challenge: string): boolean {
      signed = challenge
      return isOurs(challenge)
    },
    challenge: () => signed,
  }
}

function bytesOf(challenge: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(decodeBase64Url(challenge) ?? [])
}

/** What the page posted: which passkey it is by, and for whom. */
function readSigned(text: string): SignedByPasskey | undefined {
  try {
    const value = JSON.parse(text) as { id?: unknown; response?: { userHandle?: unknown } } | null
    const { id, response } = value ?? {}
    if (typeof id !== 'string' || decodeBase64Url(id) === undefined) return undefined
    const handle = typeof response?.userHandle === 'string' ? decodeBase64Url(response.userHandle) : undefined
    return { passkeyId: id, userId: handle && new TextDecoder().decode(handle), response: value }
  } catch {
    return undefined
  }
}

/** At most 64 bytes, and nothing that says who it is. */
function handleOf({ userId }: UserRecord): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(userId))
}

/** Whether it counted on is judged where it is noted, in one step (WebAuthn §7.2 step 22), so here nothing counts. */
function credentialOf({ passkeyId: id, publicKey }: PasskeyRecord) {
  return { id, publicKey: new Uint8Array(publicKey), counter: 0 }
}

/** A hint of the browser's, for its next question (WebAuthn §5.8.4). */
const transportNames: ReadonlySet<string> = new Set(['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal'])
