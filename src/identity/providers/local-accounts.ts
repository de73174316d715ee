/** Accounts on this server, with a password hashed by Argon2id (RFC 9106, in PHC string form). */

import { argon2, type Argon2Parameters as NodeArgon2Parameters, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { type Clock, systemClock } from '../../platform/clock.ts'
import { type Random, randomId, systemRandom } from '../../platform/crypto.ts'
import type { AccountStorage, UserRecord } from '../../storage/storage.ts'
import type { AccountProblem } from '../../ui/setup.ts'
import {
  accountProblems,
  canonicalPassword,
  canonicalUsername,
  isPossiblePassword,
  minimumPasswordLength,
  passwordProblems,
} from '../account-rules.ts'
import type { AccountWishes, FormProvider, SignIn } from '../identity-provider.ts'

export interface LocalAccountsOptions {
  storage: AccountStorage
  clock?: Clock | undefined
  random?: Random | undefined
  /** Hashes made with other parameters still open, and are made anew at the next sign-in. */
  argon2?: Argon2Cost | undefined
}

export interface Argon2Cost {
  memoryKibibytes: number
  passes: number
  parallelism: number
}

/** OWASP Password Storage Cheat Sheet, Argon2id: about 30 ms and 19 MiB on a small server. */
export const defaultArgon2Cost: Argon2Cost = { memoryKibibytes: 19_456, passes: 2, parallelism: 1 }

export interface LocalAccounts extends FormProvider {
  setPassword(username: string, password: string): Promise<PasswordChange>
}

export type PasswordChange =
  | { outcome: 'changed' | 'unknown-user' | 'busy' }
  | { outcome: 'refused'; problems: AccountProblem[] }

export function localAccounts(options: LocalAccountsOptions): LocalAccounts {
  const { storage } = options
  const clock = options.clock ?? systemClock
  const random = options.random ?? systemRandom
  const cost = options.argon2 ?? defaultArgon2Cost
  const queue = createQueue()
  /** Nobody's password: an unknown name costs as much time as a known one. */
  const nobodysHash: StoredHash = { cost, nonce: random(nonceBytes), tag: random(tagBytes) }

  async function signIn(username: string, password: string): Promise<SignIn> {
    const user = await storage.findUserByName(canonicalUsername(username))
    const stored = readHash(user?.passwordHash)
    const isRight = await queue.run(() => verify(password, stored ?? nobodysHash))
    if (isRight === busy) return { outcome: 'busy' }
    if (!isRight || user === undefined || stored === undefined) return { outcome: 'refused' }
    if (!isPossiblePassword(password)) return { outcome: 'refused' }
    if (!isSameCost(stored.cost, cost)) await rehash(user, password)
    return { outcome: 'signed-in', user }
  }

  /** Left for the next time when there is no room for it now. */
  async function rehash(user: UserRecord, password: string): Promise<void> {
    const passwordHash = await queue.run(() => hashPassword(password, cost, random))
    if (passwordHash !== busy) await storage.setPasswordHash(user.userId, passwordHash)
  }

  return {
    kind: 'form',
    name: 'local-accounts',
    minimumPasswordLength,
    signIn,
    async prepareAccount(wishes) {
      const username = canonicalUsername(wishes.username)
      const problems = [...accountProblems(wishes), ...passwordProblems(wishes.password, username)]
      if (problems.length > 0) return { outcome: 'refused', problems }
      const passwordHash = await queue.run(() => hashPassword(wishes.password, cost, random))
      if (passwordHash === busy) return { outcome: 'busy' }
      const displayName = wishes.displayName.trim() || username
      const userId = `usr_${randomId(random)}`
      const user = { userId, username, displayName, passwordHash, role: wishes.role, createdAt: clock() }
      return { outcome: 'ready', user }
    },
    async setPassword(username, password) {
      const user = await storage.findUserByName(canonicalUsername(username))
      if (user === undefined) return { outcome: 'unknown-user' }
      const problems = passwordProblems(password, user.username)
      if (problems.length > 0) return { outcome: 'refused', problems }
      const passwordHash = await queue.run(() => hashPassword(password, cost, random))
      if (passwordHash === busy) return { outcome: 'busy' }
      const isThere = await storage.changePasswordHash(user.userId, passwordHash)
      return { outcome: isThere ? 'changed' : 'unknown-user' }
    },
  }
}

export type LocalUserCreation =
  | { outcome: 'created'; user: UserRecord }
  | { outcome: 'refused'; problems: AccountProblem[] }
  | { outcome: 'busy' }

/** Another account beside the first, or one made at the command line. */
export async function createLocalUser(
  options: LocalAccountsOptions,
  wishes: AccountWishes,
): Promise<LocalUserCreation> {
  const prepared = await localAccounts(options).prepareAccount(wishes)
  if (prepared.outcome !== 'ready') return prepared
  const outcome = await options.storage.createUser(prepared.user)
  return outcome === 'created'
    ? { outcome, user: prepared.user }
    : { outcome: 'refused', problems: ['username-taken'] }
}

interface StoredHash {
  cost: Argon2Cost
  nonce: Uint8Array
  tag: Uint8Array
}

/** RFC 9106 §3.1: 16 bytes of salt; 256 bits of tag. */
const nonceBytes = 16
const tagBytes = 32

const computeArgon2 = promisify(
  (parameters: NodeArgon2Parameters, done: (error: Error | null, tag: Buffer) => void) =>
    argon2('argon2id', parameters, done),
)

async function hashPassword(password: string, cost: Argon2Cost, random: Random): Promise<string> {
  const nonce = random(nonceBytes)
  const tag = await computeArgon2(parametersFor(password, cost, nonce, tagBytes))
  const { memoryKibibytes: m, passes: t, parallelism: p } = cost
  return `$argon2id$v=19$m=${m},t=${t},p=${p}$${encodePhc(nonce)}$${encodePhc(tag)}`
}

async function verify(password: string, { cost, nonce, tag }: StoredHash): Promise<boolean> {
  // A password that is too long is judged by its beginning, for the time it takes, and refused afterwards.
  const judged = isPossiblePassword(password) ? password : password.slice(0, minimumPasswordLength)
  return timingSafeEqual(await computeArgon2(parametersFor(judged, cost, nonce, tag.length)), tag)
}

function parametersFor(password: string, cost: Argon2Cost, nonce: Uint8Array, tagLength: number) {
  return {
    message: canonicalPassword(password),
    nonce,
    parallelism: cost.parallelism,
    tagLength,
    memory: cost.memoryKibibytes,
    passes: cost.passes,
  }
}

const phcString =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** Undefined for a person who signs in elsewhere, and for what is no Argon2id hash. */
function readHash(stored: string | undefined): StoredHash | undefined {
  const match = phcString.exec(stored ?? '')
  if (match === null) return undefined
  const [, memory, passes, parallelism, nonce = '', tag = ''] = match
  return {
    cost: { memoryKibibytes: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    nonce: Buffer.from(nonce, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

/** Base64 without padding, in the standard alphabet. */
function encodePhc(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}

function isSameCost(left: Argon2Cost, right: Argon2Cost): boolean {
  return (
    left.memoryKibibytes === right.memoryKibibytes &&
    left.passes === right.passes &&
    left.parallelism === right.parallelism
  )
}

/** Hashing costs memory and a thread each, so guesses that come all at once must not cost all of either. */
const parallelHashes = 2
const waitingHashes = 32

const busy: unique symbol = Symbol('busy')

interface Queue {
  run<T>(work: () => Promise<T>): Promise<T | typeof busy>
}

function createQueue(): Queue {
  let running = 0
  const waiting: (() => void)[] = []
  return {
    async run(work) {
      if (running >= parallelHashes) {
        if (waiting.length >= waitingHashes) return busy
        // Whoever finishes hands over the place, so `running` stays as it is.
        await new Promise<void>((resolve) => waiting.push(resolve))
      } else running++
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next === undefined) running--
        else next()
      }
    },
  }
}
