/** Authorization requests that wait for a person, and codes, in memory. */

import { maximumPendingAuthorizations } from '../limits.ts'
import type { AuthorizationStorage } from '../storage.ts'
import { copyOf, dropOldest, type Held, liveOf } from './held.ts'
import { storeTokens } from './tokens.ts'

export function memoryAuthorizations(held: Held): AuthorizationStorage {
  const { clients, pending, codes } = held
  return {
    async savePendingAuthorization(record) {
      if (pending.has(record.pendingId)) throw new TypeError('a pending authorization is saved once')
      pending.set(record.pendingId, { ...record })
      dropOldest(pending, maximumPendingAuthorizations)
    },
    async findPendingAuthorization(pendingId, now) {
      return copyOf(liveOf(pending.get(pendingId), now))
    },
    async decidePendingAuthorization(pendingId, decision, code, now) {
      const record = liveOf(pending.get(pendingId), now)
      if (record === undefined) return undefined
      if (record.decision === undefined) {
        record.decision = { ...decision }
        if (decision.kind === 'approved' && code !== undefined) codes.set(code.codeHash, { ...code })
      }
      return { ...record }
    },
    async findAuthorizationCode(codeHash) {
      return copyOf(codes.get(codeHash))
    },
    async countWrongVerifier(codeHash) {
      const code = codes.get(codeHash)
      if (code === undefined) return 0
      code.wrongVerifiers++
      return code.wrongVerifiers
    },
    async takeAuthorizationCode(codeHash, tokens, now) {
      const code = codes.get(codeHash)
      if (code?.grantId !== undefined) return 'already-taken'
      if (code === undefined || code.expiresAt <= now) return 'gone'
      const { clientRowId } = tokens.grant
      if (clientRowId !== undefined && !clients.has(clientRowId)) return 'gone'
      storeTokens(held, tokens)
      code.grantId = tokens.grant.grantId
      return 'taken'
    },
  }
}
