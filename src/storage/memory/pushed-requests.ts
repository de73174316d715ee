/** Authorization requests that were pushed, in memory. */

import { maximumPushedRequests } from '../limits.ts'
import type { PushedRequestStorage } from '../storage.ts'
import { dropOldest, type Held } from './held.ts'

export function memoryPushedRequests({ pushedRequests: requests }: Held): PushedRequestStorage {
  return {
    async savePushedRequest(record) {
      if (requests.has(record.referenceHash)) throw new TypeError('a pushed request is saved once')
      requests.set(record.referenceHash, { ...record })
      dropOldest(requests, maximumPushedRequests)
    },
    async takePushedRequest(referenceHash, clientId, now) {
      const record = requests.get(referenceHash)
      if (record === undefined || record.clientId !== clientId || record.expiresAt <= now) return undefined
      requests.delete(referenceHash)
      return { ...record }
    },
  }
}
