/** Authorization requests that were pushed, in memory. */

import type { TokenHash } from '../platform/crypto.ts'
import { maximumPushedRequests } from './limits.ts'
import type { PushedRequestRecord, PushedRequestStorage } from './storage.ts'

export function memoryPushedRequests(requests: Map<TokenHash, PushedRequestRecord>): PushedRequestStorage {
  return {
    async savePushedRequest(record) {
      if (requests.has(record.referenceHash)) throw new TypeError('a pushed request is saved once')
      requests.set(record.referenceHash, { ...record })
      for (const oldest of requests.keys()) {
        if (requests.size <= maximumPushedRequests) return
        requests.delete(oldest)
      }
    },
    async takePushedRequest(referenceHash, clientId, now) {
      const record = requests.get(referenceHash)
      if (record === undefined || record.clientId !== clientId || record.expiresAt <= now) return undefined
      requests.delete(referenceHash)
      return { ...record }
    },
  }
}
