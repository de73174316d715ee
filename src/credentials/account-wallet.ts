/** Accounts of people at another provider: connected once, renewed by one caller for all that wait, and asked for again when they are dead. */

import { randomId } from '../platform/crypto.ts'
import type { CredentialRecord } from '../storage/storage.ts'
import { anotherAccountField, type CredentialFault, type CredentialView } from '../ui/credential.ts'
import {
  type AppliedCredential,
  type CallerCredential,
  CredentialLost,
  CredentialUnavailable,
} from './caller-credential.ts'
import type { AccountCredential, AccountTokens } from './upstream-credential.ts'
import {
  type Acceptance,
  accountDetour,
  type Return,
  type ReturnFault,
  type Visit,
  type Wallet,
  type WalletOptions,
} from './wallet.ts'

export function createAccountWallet(credential: AccountCredential, options: WalletOptions): Wallet {
  const { connector, storage, vault, detours, redirectUri, way, telemetry, clock } = options
  const { provider } = credential
  /** In this process; other instances are kept out by storage. */
  const renewals = new Map<string, Promise<Held>>()

  async function findHeld(userId: string): Promise<Held | undefined> {
    const record = await storage.findCredential(userId, connector)
    if (record?.kind !== 'upstream-oauth') return undefined
    const tokens = await vault.open(record)
    return tokens && { record, tokens: tokens as unknown as HeldTokens }
  }

  /* For the gateway */

  async function find(
    userId: string,
    flowId: string,
    onLost: () => Promise<void>,
  ): Promise<CallerCredential | undefined> {
    const found = await findHeld(userId)
    if (found === undefined || found.record.refusedAt !== undefined) return undefined

    async function lose({ record }: Held, says: string): Promise<never> {
      if (await storage.refuseCredential(record, clock())) {
        telemetry.emit('credential.refused', flowId, { userId, connector, reason: says })
      }
      await onLost()
      throw new CredentialLost(`Your account at ${provider} has to be connected again.`)
    }

    async function renewed(held: Held, isDue: 'soon' | 'now', why: string): Promise<Held> {
      if (held.tokens.refreshToken === undefined)
        return isDue === 'soon' && !isOver(held.tokens, clock()) ? held : lose(held, why)
      try {
        return await renewOnce(held, flowId)
      } catch (error) {
        if (error instanceof CredentialLost) return lose(held, error.message)
        // While it lives it is good, whatever the provider does just now.
        if (isDue === 'soon' && error instanceof CredentialUnavailable && !isOver(held.tokens, clock()))
          return held
        throw error
      }
    }

    return {
      id: found.record.credentialId,
      environment: {},
      async current() {
        const isDue = isOver(found.tokens, clock() + earlySeconds)
        return applied(isDue ? await renewed(found, 'soon', 'it has expired') : found)
      },
      own: {
        async renew(used, says) {
          // Somebody may have renewed it since this call began.
          const now = (await findHeld(userId)) ?? found
          const isNewer = now.record.version !== used.version && now.record.refusedAt === undefined
          return applied(isNewer ? now : await renewed(now, 'now', says))
        },
        async lose(_, says) {
          return lose((await findHeld(userId)) ?? found, says)
        },
      },
    }
  }

  function applied({ record, tokens }: Held): AppliedCredential {
    return { ...credential.apply(tokens.accessToken), version: record.version }
  }

  /** However many calls find it due at the same time, the provider is asked once: many rotate refresh tokens, and take a second use for a theft. */
  function renewOnce(held: Held, flowId: string): Promise<Held> {
    const { credentialId, version } = held.record
    const key = `${credentialId} ${version}`
    const begun = renewals.get(key) ?? renewOrWait(held, flowId).finally(() => renewals.delete(key))
    renewals.set(key, begun)
    return begun
  }

  async function renewOrWait(held: Held, flowId: string): Promise<Held> {
    const { userId, credentialId, version } = held.record
    const until = performance.now() + renewalSeconds * 1000
    while (performance.now() < until) {
      const now = clock()
      if (await storage.takeCredentialRenewal(held.record, now + renewalSeconds, now))
        return renew(held, flowId)
      const standing = await findHeld(userId)
      const isSame = standing?.record.credentialId === credentialId
      if (standing === undefined || !isSame || standing.record.refusedAt !== undefined)
        throw new CredentialLost('it was refused or replaced')
      if (standing.record.version !== version) return standing
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
    throw new CredentialUnavailable(unavailable(provider))
  }

  /** By whoever holds the right to. */
  async function renew(held: Held, flowId: string): Promise<Held> {
    const { record, tokens } = held
    const { userId } = record
    const answer = await credential.renew(way, tokens.refreshToken ?? '').catch(async (error: unknown) => {
      await storage.dropCredentialRenewal(record)
      throw error
    })
    if (answer.outcome === 'dead') throw new CredentialLost(answer.says)
    if (answer.outcome !== 'renewed') {
      await storage.dropCredentialRenewal(record)
      telemetry.emit('credential.unavailable', flowId, { userId, connector, reason: answer.says })
      throw new CredentialUnavailable(unavailable(provider))
    }
    const now = clock()
    // A provider that does not rotate sends no new one.
    const refreshToken = answer.tokens.refreshToken ?? tokens.refreshToken
    const next = heldTokens({ ...answer.tokens, refreshToken }, now)
    const sealed = await vault.seal(record, { ...next })
    await storage.renewCredential({ ...record, sealed, changedAt: now })
    telemetry.emit('credential.renewed', flowId, { userId, connector })
    return { record: { ...record, version: record.version + 1, changedAt: now }, tokens: next }
  }

  /* For the consent page */

  async function view(userId: string, fault?: ReturnFault | 'stale'): Promise<CredentialView> {
    const found = await findHeld(userId)
    const isRefused = found?.record.refusedAt !== undefined
    return show(
      isRefused ? undefined : found?.record,
      fault !== undefined ? { kind: fault } : isRefused ? { kind: 'refused-later' } : undefined,
    )
  }

  function show(stored: CredentialRecord | undefined, fault: CredentialFault | undefined): CredentialView {
    const shown = stored && { label: stored.label, changedAt: stored.createdAt }
    return { kind: 'account', provider, stored: shown, fault }
  }

  async function accept(visit: Visit, form: URLSearchParams): Promise<Acceptance> {
    const { userId, browserHash, carried } = visit
    const found = await findHeld(userId)
    const stored = found?.record.refusedAt === undefined ? found?.record : undefined
    if (stored !== undefined && form.get(anotherAccountField) === null) return { outcome: 'ready' }
    try {
      const { location, secret } = await credential.begin(way, redirectUri)
      const errand = { userId, carried, secret }
      location.searchParams.set('state', await detours.begin(accountDetour, browserHash, errand))
      return { outcome: 'elsewhere', provider, location }
    } catch (error) {
      if (!(error instanceof CredentialUnavailable)) throw error
      telemetry.emit('credential.unavailable', visit.flowId, { userId, connector, reason: error.message })
      return { outcome: 'again', status: 502, view: show(stored, { kind: 'failed' }) }
    }
  }

  async function finish(
    { userId, flowId }: Pick<Visit, 'userId' | 'flowId'>,
    answer: URL,
    secret: Readonly<Record<string, string>>,
  ): Promise<Return> {
    const returned = new URL(redirectUri)
    returned.search = answer.search
    const finished = await credential.finish(way, returned, secret).catch((error: unknown) => {
      if (!(error instanceof CredentialUnavailable)) throw error
      return { outcome: 'failed', says: error.message } as const
    })
    if (finished.outcome !== 'connected') {
      const { outcome: code, says: reason } = finished
      telemetry.emit('credential.rejected', flowId, { userId, connector, code, reason })
      return code
    }
    const now = clock()
    const owner = { userId, connector, credentialId: randomId(), kind: 'upstream-oauth' } as const
    await storage.saveCredential({
      ...owner,
      sealed: await vault.seal(owner, { ...heldTokens(finished.tokens, now) }),
      label: finished.label,
      version: 0,
      createdAt: now,
      changedAt: now,
      refusedAt: undefined,
    })
    telemetry.emit('credential.saved', flowId, { userId, connector })
    return 'connected'
  }

  return {
    find,
    view: (userId, fault) => view(userId, fault),
    accept,
    startOver: async (userId) => ({ outcome: 'again', status: 409, view: await view(userId, 'stale') }),
    finish,
  }
}

interface Held {
  record: CredentialRecord
  tokens: HeldTokens
}

/** As they are sealed. */
interface HeldTokens {
  accessToken: string
  refreshToken: string | undefined
  expiresAt: number | undefined
}

/** Renewed so long before its end that it does not end on the way. */
const earlySeconds = 60
/** How long one instance has the right to renew, and the others wait for it. */
const renewalSeconds = 20
const pollMs = 50

function heldTokens({ accessToken, refreshToken, expiresInSeconds }: AccountTokens, now: number): HeldTokens {
  return {
    accessToken,
    refreshToken,
    expiresAt: expiresInSeconds === undefined ? undefined : now + expiresInSeconds,
  }
}

function isOver({ expiresAt }: HeldTokens, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}

function unavailable(provider: string): string {
  return `${provider} does not renew your account's access just now. Try again in a moment.`
}
