/** Signing in whom a listed reverse proxy names: once, at the sign-in page, into a session as any other. */

import type { Clock } from '../platform/clock.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { AccountStorage, UserRecord } from '../storage/storage.ts'
import { judgeEntry } from './entry-rules.ts'
import type { HeaderProvider } from './identity-provider.ts'
import { outsideUserId, outsideUserOf } from './outside-person.ts'

export interface HeaderLoginOptions {
  provider: HeaderProvider
  /** Of the socket; undefined where the runtime does not tell, and then nobody is believed. */
  peerOf(request: Request): string | undefined
  storage: AccountStorage
  telemetry: Telemetry
  clock: Clock
}

export interface HeaderLogin {
  label: string
  enter(request: Request, flowId: string): Promise<HeaderStep>
  /** The proxy names another person by now than the one whom it named when this session began. */
  contradicts(request: Request, user: UserRecord): boolean
  /** Where this person has to go to sign out there too. */
  signOutUrlOf(user: UserRecord): URL | undefined
}

/** `silent`: no proxy named anybody who is to be believed. */
export type HeaderStep = { outcome: 'entered'; user: UserRecord } | { outcome: 'not-welcome' | 'silent' }

export function createHeaderLogin(options: HeaderLoginOptions): HeaderLogin {
  const { provider, peerOf, storage, telemetry, clock } = options
  const { name } = provider

  function failed(flowId: string, reason: string): void {
    telemetry.emit('login.failed', flowId, { code: name, reason })
  }

  return {
    label: provider.label,
    async enter(request, flowId) {
      const said = provider.read(request, peerOf(request))
      if (said.outcome === 'ignored') failed(flowId, said.says)
      if (said.outcome !== 'vouched') return { outcome: 'silent' }
      const verdict = await judgeEntry(said.visitor, provider.rules)
      if (verdict.outcome === 'refused') {
        failed(flowId, verdict.why)
        return { outcome: 'not-welcome' }
      }
      const user = outsideUserOf(name, said.visitor, verdict.role, clock())
      await storage.saveOutsideUser(user)
      telemetry.emit('login.succeeded', flowId, { code: name, userId: user.userId })
      return { outcome: 'entered', user }
    },
    contradicts(request, user) {
      const said = provider.read(request, peerOf(request))
      return (
        user.outside?.provider === name &&
        said.outcome === 'vouched' &&
        outsideUserId(said.visitor) !== user.userId
      )
    },
    signOutUrlOf: ({ outside }) => (outside?.provider === name ? provider.signOutUrl : undefined),
  }
}
