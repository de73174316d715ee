/** Cases of the kit: invitations to register, registrations that their holder changed, and ids that count once. */

import type { InvitationRecord, UniqueIdRecord } from '../storage.ts'
import { expectEqual, expectRejected, type StorageCase, tally, times } from './expect.ts'
import { aClient, hashOf, start, storeGrant, tokensOf } from './records.ts'

export const invitationCases: readonly StorageCase[] = [
  {
    name: 'invitations: each use is taken once, also by a hundred at the same time',
    async check(storage) {
      await storage.addInvitation(anInvitation('one', { usesLeft: 3 }))
      const taken = await Promise.all(times(100, () => storage.takeInvitation(hashOf('one'), start)))
      expectEqual('taken', taken.filter((one) => one !== undefined).length, 3)
      expectEqual('what each was told is left', taken.flatMap((one) => one?.usesLeft ?? []).sort(), [0, 1, 2])
      expectEqual('used up', await storage.takeInvitation(hashOf('one'), start), undefined)
      expectEqual('unknown', await storage.takeInvitation(hashOf('two'), start), undefined)
      await expectRejected('the same token twice', storage.addInvitation(anInvitation('one')))
    },
  },
  {
    name: 'invitations: one is over in the second in which it expires, and is then removed',
    async check(storage) {
      await storage.addInvitation(anInvitation('one', { expiresAt: start + 10, usesLeft: 2 }))
      const before = await storage.takeInvitation(hashOf('one'), start + 9)
      expectEqual('before', before, anInvitation('one', { expiresAt: start + 10, usesLeft: 1 }))
      expectEqual('then', await storage.takeInvitation(hashOf('one'), start + 10), undefined)
      expectEqual('removed', await storage.removeExpired(start + 10, 10), 1)
      expectEqual('listed', await storage.listInvitations(10), [])
    },
  },
  {
    name: 'invitations: lists are newest first and limited; what is taken back lets nobody in',
    async check(storage) {
      for (const index of [1, 3, 2]) {
        await storage.addInvitation(anInvitation(`i${index}`, { createdAt: start + index }))
      }
      const listed = (await storage.listInvitations(2)).map(({ invitationId }) => invitationId)
      expectEqual('listed', listed, ['id of i3', 'id of i2'])
      expectEqual('removed', await storage.removeInvitation('id of i3'), true)
      expectEqual('again', await storage.removeInvitation('id of i3'), false)
      expectEqual('taken', await storage.takeInvitation(hashOf('i3'), start), undefined)
    },
  },
  {
    name: 'managed clients: a row is replaced as a whole, and protected by its live grants as any other',
    async check(storage) {
      const first = aClient('own', { kind: 'managed', expiresAt: start + 10 })
      await storage.saveManagedClient(first)
      expectEqual('first', await storage.findClient('own'), first)
      const second = aClient('own', {
        kind: 'removed',
        confirmedAt: start + 5,
        expiresAt: start + 20,
        metadata: { ...first.metadata, clientName: 'Renamed', redirectUris: ['https://a.example/cb'] },
      })
      await storage.saveManagedClient(second)
      expectEqual('second', await storage.findClient('own'), second)
      await storeGrant(storage, tokensOf('g', { clientRowId: 'own', expiresAt: start + 100 }))
      expectEqual('kept for its grant', await storage.removeExpired(start + 20, 10), 0)
      await storage.revokeGrant('g', start + 20, 'test')
      expectEqual('removed', await storage.removeExpired(start + 20, 10), 1)
    },
  },
  {
    name: 'resource servers: one comes back with its resource, and is never pushed out by registrations',
    async check(storage) {
      const server = aClient('server', {
        kind: 'resource-server',
        secretHash: hashOf('secret'),
        similarityKey: 'the same',
        confirmedAt: start,
        expiresAt: undefined,
        resource: 'https://mcp.example.com/mcp',
      })
      expectEqual('added', await storage.addPreRegisteredClient(server), 'created')
      for (const name of ['a', 'b'])
        await storage.registerClient(aClient(name, { similarityKey: 'the same' }), 1)
      await storage.removeExpired(start + 1_000_000, 100)
      expectEqual('found', await storage.findClient('server'), server)
    },
  },
  {
    name: 'unique ids: of a hundred at the same time one takes it',
    async check(storage) {
      const outcomes = await Promise.all(times(100, () => storage.takeUniqueId(anId('one'), 1000, start)))
      expectEqual('outcomes', tally(outcomes), { taken: 1, 'already-taken': 99 })
      expectEqual('another', await storage.takeUniqueId(anId('two'), 1000, start), 'taken')
    },
  },
  {
    name: 'unique ids: one may be taken again in the second in which it expires, and not before',
    async check(storage) {
      await storage.takeUniqueId(anId('one', { expiresAt: start + 10 }), 10, start)
      const early = await storage.takeUniqueId(anId('one', { expiresAt: start + 99 }), 10, start + 9)
      expectEqual('before', early, 'already-taken')
      const late = await storage.takeUniqueId(anId('one', { expiresAt: start + 20 }), 10, start + 10)
      expectEqual('then', late, 'taken')
      expectEqual('still there', await storage.removeExpired(start + 19, 10), 0)
      expectEqual('removed', await storage.removeExpired(start + 20, 10), 1)
    },
  },
  {
    name: 'unique ids: whoever has too many is told so, and takes nothing from others',
    async check(storage) {
      for (const index of times(5, Number)) {
        const id = anId(`id ${index}`, { expiresAt: start + 10 + index })
        expectEqual(`id ${index}`, await storage.takeUniqueId(id, 5, start), 'taken')
      }
      expectEqual('one more', await storage.takeUniqueId(anId('one more'), 5, start), 'full')
      expectEqual('the same again', await storage.takeUniqueId(anId('id 0'), 5, start), 'full')
      const other = anId('of another', { owner: 'another' })
      expectEqual('another', await storage.takeUniqueId(other, 5, start), 'taken')
      const after = await storage.takeUniqueId(anId('one more'), 5, start + 10)
      expectEqual('after one has expired', after, 'taken')
    },
  },
]

function anInvitation(name: string, changes: Partial<InvitationRecord> = {}): InvitationRecord {
  return {
    invitationId: `id of ${name}`,
    tokenHash: hashOf(name),
    note: 'for the billing team',
    createdAt: start,
    expiresAt: start + 86_400,
    usesLeft: 1,
    ...changes,
  }
}

function anId(name: string, changes: Partial<UniqueIdRecord> = {}): UniqueIdRecord {
  return { idHash: hashOf(name), owner: 'owner', expiresAt: start + 60, ...changes }
}
