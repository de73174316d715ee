/** Cases of the kit: wrapped data keys, which are all under one master key or under none (house rule 5). */

import type { WrappedKeyRecord } from '../storage.ts'
import { expectEqual, expectRejected, type StorageCase, tally, times } from './expect.ts'
import { start } from './records.ts'

export const keyCases: readonly StorageCase[] = [
  {
    name: 'keys: of 20 parallel additions for one purpose the first stands, and all get it',
    async check(storage) {
      const standing = await Promise.all(times(20, (index) => storage.addKeyIfAbsent(aKey('p', 'm1', index))))
      const wrapped = tally(standing.map((key) => key.wrapped.join()))
      expectEqual('different keys', Object.keys(wrapped).length, 1)
      expectEqual('stored', await storage.listKeys(), standing.slice(0, 1))
    },
  },
  {
    name: 'keys: one under another master key is not added',
    async check(storage) {
      await storage.addKeyIfAbsent(aKey('p', 'm1', 1))
      await expectRejected('another purpose', storage.addKeyIfAbsent(aKey('q', 'm2', 2)))
      await expectRejected('the same purpose', storage.addKeyIfAbsent(aKey('p', 'm2', 2)))
      expectEqual('stored', await storage.listKeys(), [aKey('p', 'm1', 1)])
    },
  },
  {
    name: 'keys: all are rewrapped, or none',
    async check(storage) {
      for (const purpose of ['p', 'q']) await storage.addKeyIfAbsent(aKey(purpose, 'm1', 1))
      const both = [aKey('p', 'm2', 3), aKey('q', 'm2', 4)]
      expectEqual('from another', await storage.rewrapKeys('m0', both), false)
      expectEqual('one missing', await storage.rewrapKeys('m1', both.slice(0, 1)), false)
      const stranger = [...both, aKey('r', 'm2', 5)]
      expectEqual('one too many', await storage.rewrapKeys('m1', stranger), false)
      const unchanged = await storage.listKeys()
      expectEqual('unchanged', byPurpose(unchanged), [aKey('p', 'm1', 1), aKey('q', 'm1', 1)])
      expectEqual('all', await storage.rewrapKeys('m1', both), true)
      expectEqual('changed', byPurpose(await storage.listKeys()), both)
      expectEqual('again', await storage.rewrapKeys('m1', both), false)
    },
  },
  {
    name: 'keys: one that was removed is gone, may be made anew, and is missed by a rewrap that counted on it',
    async check(storage) {
      for (const purpose of ['p', 'q']) await storage.addKeyIfAbsent(aKey(purpose, 'm1', 1))
      expectEqual('removed', await storage.removeKey('q'), true)
      expectEqual('again', await storage.removeKey('q'), false)
      expectEqual('left', await storage.listKeys(), [aKey('p', 'm1', 1)])
      const both = [aKey('p', 'm2', 3), aKey('q', 'm2', 4)]
      expectEqual('rewrapped', await storage.rewrapKeys('m1', both), false)
      expectEqual('anew', await storage.addKeyIfAbsent(aKey('q', 'm1', 9)), aKey('q', 'm1', 9))
    },
  },
  {
    name: 'keys: of parallel rewraps to different master keys one wins, whole',
    async check(storage) {
      for (const purpose of ['p', 'q']) await storage.addKeyIfAbsent(aKey(purpose, 'm', 0))
      const outcomes = await Promise.all(
        times(10, (index) =>
          storage.rewrapKeys('m', [aKey('p', `m${index}`, index), aKey('q', `m${index}`, index)]),
        ),
      )
      expectEqual('outcomes', tally(outcomes.map(String)), { true: 1, false: 9 })
      const winner = outcomes.indexOf(true)
      const expected = [aKey('p', `m${winner}`, winner), aKey('q', `m${winner}`, winner)]
      expectEqual('stored', byPurpose(await storage.listKeys()), expected)
    },
  },
]

function aKey(purpose: string, masterKeyId: string, byte: number): WrappedKeyRecord {
  return { purpose, masterKeyId, wrapped: Uint8Array.of(0, 255, byte, 128), createdAt: start }
}

function byPurpose(keys: readonly WrappedKeyRecord[]): WrappedKeyRecord[] {
  return [...keys].sort((a, b) => (a.purpose < b.purpose ? -1 : 1))
}
