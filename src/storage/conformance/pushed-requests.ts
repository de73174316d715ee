/** Cases of the kit: authorization requests that were pushed. */

import type { PushedRequestRecord } from '../storage.ts'
import { expectEqual, expectRejected, type StorageCase, times } from './expect.ts'
import { hashOf, start } from './records.ts'

export const pushedRequestCases: readonly StorageCase[] = [
  {
    name: 'pushed requests: one is taken once, as it was given, also by a hundred at the same time',
    async check(storage) {
      await storage.savePushedRequest(aPushedRequest('one'))
      const taken = await Promise.all(
        times(100, () => storage.takePushedRequest(hashOf('one'), 'client', start)),
      )
      expectEqual(
        'taken',
        taken.filter((record) => record !== undefined),
        [aPushedRequest('one')],
      )
      expectEqual('again', await storage.takePushedRequest(hashOf('one'), 'client', start), undefined)
      expectEqual('unknown', await storage.takePushedRequest(hashOf('two'), 'client', start), undefined)
    },
  },
  {
    name: 'pushed requests: another client gets nothing, and burns nothing',
    async check(storage) {
      await storage.savePushedRequest(aPushedRequest('one'))
      expectEqual('another', await storage.takePushedRequest(hashOf('one'), 'another', start), undefined)
      const own = await storage.takePushedRequest(hashOf('one'), 'client', start)
      expectEqual('its own', own, aPushedRequest('one'))
    },
  },
  {
    name: 'pushed requests: one is over in the second in which it expires, is removed, and cannot be saved over',
    async check(storage) {
      await storage.savePushedRequest(aPushedRequest('one', { expiresAt: start + 10 }))
      await expectRejected('the same again', storage.savePushedRequest(aPushedRequest('one')))
      expectEqual('then', await storage.takePushedRequest(hashOf('one'), 'client', start + 10), undefined)
      expectEqual('still there', await storage.removeExpired(start + 9, 10), 0)
      expectEqual('removed', await storage.removeExpired(start + 10, 10), 1)
    },
  },
]

function aPushedRequest(name: string, changes: Partial<PushedRequestRecord> = {}): PushedRequestRecord {
  return {
    referenceHash: hashOf(name),
    clientId: 'client',
    parameters: 'response_type=code&state=%26%3D%C3%BC',
    createdAt: start,
    expiresAt: start + 90,
    ...changes,
  }
}
