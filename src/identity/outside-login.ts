/** Signing in at another provider: there with a `state` that is this browser's and good once, back with an answer, and in by the rules of who may enter (house rule 11). */

import type { Clock } from '../platform/clock.ts'
import type { TokenHash } from '../platform/crypto.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { Detours } from '../storage/detours.ts'
import type { AccountStorage, UserRecord } from '../storage/storage.ts'
import type { text } from '../ui/text.ts'
import { judgeEntry } from './entry-rules.ts'
import { type OutsideProvider, OutsideUnavailable, type OutsideWay } from './identity-provider.ts'
import { outsideUserOf } from './outside-person.ts'

export interface OutsideLoginOptions {
  providers: readonly OutsideProvider[]
  storage: AccountStorage
  detours: Detours
  way: OutsideWay
  /** Ours, with the base path. */
  loginUrl: string
  telemetry: Telemetry
  clock: Clock
}

/** One step of it, for whoever answers the request. */
export type OutsideStep =
  | { kind: 'go'; location: URL }
  | { kind: 'entered'; user: UserRecord; returnTo: string }
  | { kind: 'again'; returnTo: string; problem: OutsideProblem }
  /** The way back was used, is over, or is another browser's. */
  | { kind: 'unknown' }

/** Closed words, which an address may carry. */
export type OutsideProblem = keyof typeof text.signIn.outsideProblem

export interface OutsideLogin {
  begin(name: string, visit: OutsideVisit, returnTo: string): Promise<OutsideStep>
  finish(name: string, visit: OutsideVisit, answer: URL): Promise<OutsideStep>
  /** Where a person who signs out here has to go to sign out there. */
  signOut(user: UserRecord): Promise<{ label: string; url: URL } | undefined>
}

export interface OutsideVisit {
  browserHash: TokenHash
  flowId: string
}

export function createOutsideLogin(options: OutsideLoginOptions): OutsideLogin {
  const { storage, detours, way, loginUrl, telemetry, clock } = options
  const providers = new Map(options.providers.map((provider) => [provider.name, provider]))

  function providerOf(name: string): OutsideProvider {
    const provider = providers.get(name)
    if (provider === undefined) throw new TypeError(`there is no provider ${name}`)
    return provider
  }

  function redirectUri(name: string): string {
    return `${loginUrl}/${name}/callback`
  }

  async function begin(
    name: string,
    { browserHash, flowId }: OutsideVisit,
    returnTo: string,
  ): Promise<OutsideStep> {
    try {
      const { location, secret } = await providerOf(name).begin(way, redirectUri(name))
      const state = await detours.begin(purposeOf(name), browserHash, { returnTo, secret })
      location.searchParams.set('state', state)
      return { kind: 'go', location }
    } catch (error) {
      if (!(error instanceof OutsideUnavailable)) throw error
      return again(name, flowId, returnTo, 'unavailable', error.message)
    }
  }

  async function finish(
    name: string,
    { browserHash, flowId }: OutsideVisit,
    answer: URL,
  ): Promise<OutsideStep> {
    const provider = providerOf(name)
    const state = answer.searchParams.get('state') ?? ''
    const errand = await detours.finish(purposeOf(name), browserHash, state)
    if (errand === undefined) return { kind: 'unknown' }
    const { returnTo, secret } = errand as unknown as SignInErrand
    const returned = new URL(redirectUri(name))
    returned.search = answer.search
    const signedIn = await provider.finish(way, returned, secret).catch((error: unknown) => {
      if (!(error instanceof OutsideUnavailable)) throw error
      return { outcome: 'failed', says: error.message } as const
    })
    if (signedIn.outcome !== 'arrived') return again(name, flowId, returnTo, signedIn.outcome, signedIn.says)
    const verdict = await judgeEntry(signedIn.visitor, provider.rules)
    if (verdict.outcome === 'refused') return again(name, flowId, returnTo, 'not-welcome', verdict.why)
    const user = outsideUserOf(provider.name, signedIn.visitor, verdict.role, clock())
    await storage.saveOutsideUser(user)
    telemetry.emit('login.succeeded', flowId, { code: name, userId: user.userId })
    return { kind: 'entered', user, returnTo }
  }

  function again(
    name: string,
    flowId: string,
    returnTo: string,
    problem: OutsideProblem,
    reason: string,
  ): OutsideStep {
    telemetry.emit('login.failed', flowId, { code: name, reason })
    return { kind: 'again', returnTo, problem }
  }

  return {
    begin,
    finish,
    async signOut({ outside }) {
      const provider = providers.get(outside?.provider ?? '')
      const url = await provider?.signOut?.(way, new URL('/', loginUrl).href).catch(() => undefined)
      return provider && url && { label: provider.label, url }
    },
  }
}

/** What was kept of whoever was sent to sign in. */
interface SignInErrand {
  returnTo: string
  secret: Readonly<Record<string, string>>
}

function purposeOf(name: string): string {
  return `sign-in at ${name}`
}
