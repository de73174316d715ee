/** Cases of the kit: several instances, and which of them is whose home. */

import type { HomeClaim, InstanceRecord } from '../storage.ts'
import { expectEqual, expectTrue, type StorageCase, times } from './expect.ts'
import { hashOf, start } from './records.ts'

export const instanceCases: readonly StorageCase[] = [
  {
    name: 'instances: of a hundred claims at the same time all are told the same home',
    async check(storage) {
      const all = times(4, (index) => anInstance(`i${index}`))
      for (const instance of all) await storage.beatInstance(instance)
      const claims = times(100, (index) =>
        storage.claimHome(aClaim(all[Number(index) % 4] ?? anInstance('i0'))),
      )
      const homes = new Set((await Promise.all(claims)).map(({ instanceId }) => instanceId))
      expectEqual('homes', homes.size, 1)
      expectTrue('it stands', homes.has((await storage.findHome(hashOf('caller')))?.instanceId ?? ''))
    },
  },
  {
    name: 'instances: a home stands while its instance beats, and is free when it does not, is gone, or has left',
    async check(storage) {
      const [one, other] = [anInstance('one'), anInstance('other')]
      await storage.beatInstance(one)
      await storage.beatInstance(other)
      expectEqual('nobody', await storage.findHome(hashOf('caller')), undefined)
      expectEqual('the first', await storage.claimHome(aClaim(one)), one)
      expectEqual('the second', await storage.claimHome(aClaim(other)), one)
      expectEqual('found', await storage.findHome(hashOf('caller')), one)
      const silent = { ...aClaim(other), aliveSince: start + 1 }
      expectEqual('silent', await storage.claimHome(silent), other)
      await storage.beatInstance({ ...one, beatAt: start + 5 })
      expectEqual('gone', await storage.claimHome({ ...aClaim(one), gone: 'other' }), one)
      await storage.removeInstance('one')
      expectEqual('left', await storage.findHome(hashOf('caller')), undefined)
      expectEqual('free', await storage.claimHome(aClaim(other)), other)
    },
  },
  {
    name: 'instances: homes end, and so do instances that were not heard of for an hour',
    async check(storage) {
      await storage.beatInstance(anInstance('one'))
      await storage.claimHome(aClaim(anInstance('one')))
      await storage.claimHome({ ...aClaim(anInstance('two')), expiresAt: start + 200 })
      await storage.claimHome(aClaim(anInstance('one')))
      expectEqual('claimed again for longer', await storage.removeExpired(start + 199, 10), 0)
      expectEqual('the home', await storage.removeExpired(start + 200, 10), 1)
      expectEqual('the instance', await storage.removeExpired(start + 3600, 10), 1)
    },
  },
]

function anInstance(instanceId: string): InstanceRecord {
  return { instanceId, address: `http://10.0.0.1:8788/${instanceId}`, beatAt: start }
}

function aClaim(claimant: InstanceRecord): HomeClaim {
  return { callerHash: hashOf('caller'), claimant, aliveSince: start - 10, expiresAt: start + 100 }
}
