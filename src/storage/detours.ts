/** Sending a browser to another server and knowing it when it comes back: `state` is single use and bound to that browser, and what it stands for is stored encrypted (OAuth 2.1 §7.12, RFC 9700 §4.7; house rule 11). */

import type { Clock } from '../platform/clock.ts'
import { hashToken, openBox, randomToken, sealBox, type TokenHash } from '../platform/crypto.ts'
import type { DetourStorage } from './storage.ts'

export interface Detours {
  /** Gives the `state` to send it away with. */
  begin(purpose: string, browserHash: TokenHash, errand: Errand): Promise<string>
  /** Succeeds once, and only for the browser that was sent. */
  finish(purpose: string, browserHash: TokenHash, state: string): Promise<Errand | undefined>
}

/** What has to be known when it comes back. */
export type Errand = Readonly<Record<string, unknown>>

/** A person may have to find a password, or a phone. */
export const detourSeconds = 600

export function createDetours(options: { storage: DetourStorage; key: CryptoKey; clock: Clock }): Detours {
  const { storage, key, clock } = options
  return {
    async begin(purpose, browserHash, errand) {
      const state = `pst_dt_${randomToken()}`
      const stateHash = hashToken(state)
      const plain = new TextEncoder().encode(JSON.stringify(errand))
      const sealed = await sealBox(key, plain, contextOf(purpose, stateHash))
      const createdAt = clock()
      const expiresAt = createdAt + detourSeconds
      await storage.saveDetour({ stateHash, browserHash, purpose, sealed, createdAt, expiresAt })
      return state
    },
    async finish(purpose, browserHash, state) {
      const stateHash = hashToken(state)
      const record = await storage.takeDetour({ stateHash, browserHash, purpose }, clock())
      const plain = record && (await openBox(key, record.sealed, contextOf(purpose, stateHash)))
      return plain && (JSON.parse(new TextDecoder().decode(plain)) as Errand)
    },
  }
}

function contextOf(purpose: string, stateHash: TokenHash): string {
  return JSON.stringify(['postern detour', purpose, stateHash])
}
