/** Signing in by passkey or recovery code, and the page where a person keeps both (WebAuthn Level 3 §7, NIST SP 800-63B §4.2). */

import type { Clock } from '../platform/clock.ts'
import { decodeBase64Url, type TokenHash } from '../platform/crypto.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { AccountStorage, PasskeyStorage, UniqueIdStorage, UserRecord } from '../storage/storage.ts'
import { outsideWords } from '../ui/markup.ts'
import { canonicalUsername } from './account-rules.ts'
import { createChallenges } from './challenges.ts'
import type { GuessBrake } from './guess-brake.ts'
import type { PasskeyProvider, PasskeySite } from './identity-provider.ts'
import { hashRecoveryCode, recoveryCode } from './recovery-code.ts'

export interface PasskeyLoginOptions {
  provider: PasskeyProvider
  storage: AccountStorage & PasskeyStorage & UniqueIdStorage
  challengeKey: Uint8Array
  site: PasskeySite
  brake: GuessBrake
  telemetry: Telemetry
  clock: Clock
}

export interface PasskeyLogin {
  /** What the page asks the browser for. */
  signInOptions(browserHash: TokenHash): Promise<unknown>
  addOptions(browserHash: TokenHash, user: UserRecord): Promise<unknown>
  signIn(browser: Visit, form: URLSearchParams): Promise<UserRecord | undefined>
  add(browser: Visit, user: UserRecord, form: URLSearchParams): Promise<'added' | 'refused' | 'full'>
  remove(browser: Visit, user: UserRecord, passkeyId: string): Promise<void>
  /** In place of all that were there. Shown once. */
  makeRecoveryCodes(browser: Visit, user: UserRecord): Promise<string[]>
  recover(browser: Visit, form: URLSearchParams): Promise<RecoveryOutcome>
}

export type RecoveryOutcome =
  | { outcome: 'signed-in'; user: UserRecord }
  | { outcome: 'refused' }
  | { outcome: 'wait'; retryAfterSeconds: number }

interface Visit {
  browserHash: TokenHash
  flowId: string
}

export function createPasskeyLogin(options: PasskeyLoginOptions): PasskeyLogin {
  const { provider, storage, site, brake, telemetry, clock } = options
  const challenges = createChallenges({ storage, key: options.challengeKey, clock })

  async function signIn(
    { browserHash, flowId }: Visit,
    form: URLSearchParams,
  ): Promise<UserRecord | undefined> {
    const refused = (reason: string): undefined => {
      telemetry.emit('login.failed', flowId, { code: 'passkey', reason })
    }
    const signed = provider.readSigned(form.get('passkey') ?? '')
    const passkey = signed && (await storage.findPasskey(signed.passkeyId))
    if (signed === undefined || passkey === undefined) return refused('an unknown passkey')
    // WebAuthn §7.2 step 6: found without a user name, it has to say itself whose it is.
    if (signed.userId !== passkey.userId) return refused('a passkey of somebody else')
    const isOurs = (challenge: string): boolean => challenges.isOurs(challenge, signInPurpose, browserHash)
    const verified = await provider.readSignIn(site, isOurs, signed.response, passkey)
    if (verified === undefined) return refused('a signature that is not right')
    if (!(await challenges.take(verified.challenge, passkey.userId))) return refused('an answer of before')
    if (!(await storage.usePasskey(passkey.passkeyId, verified.counter, clock())))
      return refused('a passkey that was copied')
    const user = await storage.findUser(passkey.userId)
    if (user === undefined) return refused('an account that is gone')
    telemetry.emit('login.succeeded', flowId, { code: 'passkey', userId: user.userId })
    return user
  }

  async function add(
    { browserHash, flowId }: Visit,
    user: UserRecord,
    form: URLSearchParams,
  ): Promise<'added' | 'refused' | 'full'> {
    const signed = provider.readSigned(form.get('passkey') ?? '')
    if (signed === undefined) return 'refused'
    const purpose = purposeOfAdding(user)
    const isOurs = (challenge: string): boolean => challenges.isOurs(challenge, purpose, browserHash)
    const read = await provider.readRegistration(site, isOurs, signed.response)
    if (read === undefined || !(await challenges.take(read.challenge, user.userId))) return 'refused'
    const label = outsideWords(form.get('label') ?? '', maximumLabelCharacters)
    const { userId } = user
    const passkey = { ...read.made, userId, label, createdAt: clock(), lastUsedAt: undefined }
    const outcome = await storage.addPasskey(passkey, maximumPasskeys)
    if (outcome !== 'added') return outcome === 'full' ? 'full' : 'refused'
    telemetry.emit('passkey.added', flowId, { userId })
    return 'added'
  }

  async function remove({ flowId }: Visit, { userId }: UserRecord, passkeyId: string): Promise<void> {
    // Not every database takes every character.
    if (decodeBase64Url(passkeyId) === undefined) return
    if (await storage.removePasskey(userId, passkeyId)) telemetry.emit('passkey.removed', flowId, { userId })
  }

  async function makeRecoveryCodes({ flowId }: Visit, { userId }: UserRecord): Promise<string[]> {
    const codes = Array.from({ length: recoveryCodes }, () => recoveryCode())
    await storage.saveRecoveryCodes(
      userId,
      codes.map((code) => hashRecoveryCode(userId, code)),
    )
    telemetry.emit('recovery.made', flowId, { userId })
    return codes
  }

  async function recover({ browserHash, flowId }: Visit, form: URLSearchParams): Promise<RecoveryOutcome> {
    const username = form.get('username') ?? ''
    const attempt = brake.take(username, browserHash)
    if (!attempt.mayTry) {
      telemetry.emit('login.braked', flowId)
      return { outcome: 'wait', retryAfterSeconds: attempt.retryAfterSeconds }
    }
    const user = await storage.findUserByName(canonicalUsername(username))
    // As long for a name that nobody has as for a wrong code.
    const userId = user?.userId ?? nobody
    const code = hashRecoveryCode(userId, form.get('code') ?? '')
    const wasTaken = await storage.takeRecoveryCode(userId, code)
    if (user === undefined || !wasTaken) {
      telemetry.emit('login.failed', flowId, { code: 'recovery', reason: 'wrong name or recovery code' })
      return { outcome: 'refused' }
    }
    attempt.succeeded()
    telemetry.emit('login.succeeded', flowId, { code: 'recovery', userId: user.userId })
    return { outcome: 'signed-in', user }
  }

  return {
    signInOptions: (browserHash) => provider.signInOptions(site, challenges.make(signInPurpose, browserHash)),
    async addOptions(browserHash, user) {
      const challenge = challenges.make(purposeOfAdding(user), browserHash)
      return provider.registrationOptions(site, challenge, user, await storage.listPasskeys(user.userId))
    },
    signIn,
    add,
    remove,
    makeRecoveryCodes,
    recover,
  }
}

export const maximumPasskeys = 20
const recoveryCodes = 10
const maximumLabelCharacters = 60

/** No id of an account. */
const nobody = ''

const signInPurpose = 'sign-in by passkey'

/** A challenge that was made for one account adds nothing to another that signs in meanwhile. */
function purposeOfAdding({ userId }: UserRecord): string {
  return `passkey of ${userId}`
}
