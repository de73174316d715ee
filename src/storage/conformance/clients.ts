/** Cases of the kit: clients and client documents. */

import type { ClientRecord } from '../storage.ts'
import { expectEqual, type StorageCase, tally, times } from './expect.ts'
import { aClient, aCode, accessHash, hashOf, start, storeCode, storeGrant, tokensOf } from './records.ts'

export const clientCases: readonly StorageCase[] = [
  {
    name: 'clients: a registered client comes back as it was given',
    async check(storage) {
      const client = aClient('one')
      expectEqual('registerClient', await storage.registerClient(client, 10), 'created')
      expectEqual('findClient', await storage.findClient('one'), client)
      expectEqual('findClient of another', await storage.findClient('two'), undefined)
    },
  },
  {
    name: 'clients: registering again renews times to the later, and leaves the metadata',
    async check(storage) {
      const client = aClient('one')
      await storage.registerClient(client, 10)
      const later = { lastUsedAt: start + 5, expiresAt: start + 4000 }
      const other = aClient('one', { ...later, metadata: { ...client.metadata, clientName: 'Other' } })
      expectEqual('second registerClient', await storage.registerClient(other, 10), 'renewed')
      expectEqual('after it', await storage.findClient('one'), { ...client, ...later })
      await storage.registerClient(aClient('one', { lastUsedAt: start, expiresAt: start + 10 }), 10)
      expectEqual('after an earlier end', await storage.findClient('one'), { ...client, ...later })
    },
  },
  {
    name: 'clients: a stranger who registers the same again cannot make a confirmed client expire, or expiring',
    async check(storage) {
      await storage.registerClient(aClient('one'), 10)
      await storage.confirmClient('one', start + 1, undefined)
      await storage.registerClient(aClient('one', { expiresAt: start + 10 }), 10)
      expectEqual('expiresAt', (await storage.findClient('one'))?.expiresAt, undefined)
    },
  },
  {
    name: 'clients: 50 parallel registrations of one row make one row',
    async check(storage) {
      const outcomes = await Promise.all(times(50, () => storage.registerClient(aClient('one'), 10)))
      expectEqual('outcomes', tally(outcomes), { created: 1, renewed: 49 })
      expectEqual('rows', (await storage.listClients(100)).length, 1)
    },
  },
  {
    name: 'clients: of similar unconfirmed rows the oldest go, confirmed and other ones stay',
    async check(storage) {
      const similarityKey = 'the same but for its name'
      await storage.registerClient(aClient('other'), 3)
      await storage.addPreRegisteredClient(preRegistered('given', { similarityKey }))
      await storage.registerClient(aClient('confirmed', { similarityKey }), 3)
      await storage.confirmClient('confirmed', start, start + 9000)
      for (const index of [0, 1, 2, 3, 4]) {
        const createdAt = start + 1 + index
        await storage.registerClient(aClient(`name-${index}`, { similarityKey, createdAt }), 3)
      }
      const ids = (await storage.listClients(100)).map((client) => client.clientId)
      expectEqual('ids', ids.sort(), ['confirmed', 'given', 'name-2', 'name-3', 'name-4', 'other'])
    },
  },
  {
    name: 'clients: in one second the row just added is not the one that goes',
    async check(storage) {
      const similarityKey = 'the same'
      for (const name of ['b', 'a', 'c']) await storage.registerClient(aClient(name, { similarityKey }), 1)
      expectEqual(
        'ids',
        (await storage.listClients(10)).map((client) => client.clientId),
        ['c'],
      )
    },
  },
  {
    name: 'clients: a pre-registered client is added once, stays as it is, and has no end',
    async check(storage) {
      const client = preRegistered('given', { secretHash: hashOf('secret') })
      expectEqual('first', await storage.addPreRegisteredClient(client), 'created')
      expectEqual('second', await storage.addPreRegisteredClient(preRegistered('given')), 'id-taken')
      expectEqual('found', await storage.findClient('given'), client)
      await storage.registerClient(aClient('one'), 10)
      expectEqual(
        'id of another kind',
        await storage.addPreRegisteredClient(preRegistered('one')),
        'id-taken',
      )
      const parallel = times(20, () => storage.addPreRegisteredClient(preRegistered('raced')))
      expectEqual('raced', tally(await Promise.all(parallel)), { created: 1, 'id-taken': 19 })
    },
  },
  {
    name: 'clients: approval confirms once, renews use, and sets the end',
    async check(storage) {
      await storage.registerClient(aClient('one'), 10)
      await storage.confirmClient('one', start + 10, start + 9000)
      await storage.confirmClient('one', start + 20, start + 9500)
      const times = { confirmedAt: start + 10, lastUsedAt: start + 20, expiresAt: start + 9500 }
      expectEqual('client', await storage.findClient('one'), aClient('one', times))
      await storage.confirmClient('nobody', start, undefined)
      expectEqual('client that is not there', await storage.findClient('nobody'), undefined)
    },
  },
  {
    name: 'clients: lists are newest first and limited',
    async check(storage) {
      for (const index of [1, 3, 2]) {
        await storage.registerClient(aClient(`c${index}`, { createdAt: start + index }), 10)
      }
      const ids = (await storage.listClients(2)).map((client) => client.clientId)
      expectEqual('ids', ids, ['c3', 'c2'])
    },
  },
  {
    name: 'clients: removal ends the grants of every registration that shares the row, and no others',
    async check(storage) {
      for (const row of ['row', 'rowan']) await storage.registerClient(aClient(row), 10)
      const owners = [
        ['row', 'row.1.nonce.mac'],
        ['row', 'an id of its own'],
        ['rowan', 'rowan.1.nonce.mac'],
      ] as const
      for (const [clientRowId, clientId] of owners) {
        await storeGrant(storage, tokensOf(`grant of ${clientId}`, { clientId, clientRowId }))
      }
      expectEqual('listGrants', (await storage.listGrants({ clientId: 'row' }, 10)).length, 2)
      expectEqual('removeClient', await storage.removeClient('row', start + 5), true)
      expectEqual('findClient', await storage.findClient('row'), undefined)
      for (const [clientRowId, clientId] of owners) {
        const isGone = clientRowId === 'row'
        const grant = await storage.findGrant(`grant of ${clientId}`)
        const end = isGone ? [start + 5, 'client-removed'] : [undefined, undefined]
        expectEqual(`grant of ${clientId}`, [grant?.revokedAt, grant?.revokedReason], end)
        const access = await storage.findAccessToken(accessHash(`grant of ${clientId}`, 0), start + 5)
        expectEqual(`dead token of ${clientId}`, access === undefined, isGone)
      }
      expectEqual('removeClient again', await storage.removeClient('row', start + 6), false)
    },
  },
  {
    name: 'clients: a code of a client that was removed meanwhile makes no grant, whichever came first',
    async check(storage) {
      for (const index of times(10, Number)) {
        const [row, grantId] = [`row ${index}`, `g${index}`]
        await storage.registerClient(aClient(row), 10)
        await storeCode(storage, aCode(grantId, { clientId: row }))
        const tokens = tokensOf(grantId, { clientId: row, clientRowId: row })
        const take = () => storage.takeAuthorizationCode(hashOf(grantId), tokens, start + 1)
        const remove = () => storage.removeClient(row, start + 1)
        await Promise.all(index % 2 === 0 ? [take(), remove()] : [remove(), take()])
        const access = await storage.findAccessToken(accessHash(grantId, 0), start + 1)
        expectEqual(`access token ${index}`, access, undefined)
      }
    },
  },
  {
    name: 'clients: a client document is replaced by the next, and removed with the grants made under its id',
    async check(storage) {
      const clientId = 'https://claude.ai/oauth/client.json'
      const first = {
        clientId,
        document: { client_name: 'A', x: { y: [1] } },
        fetchedAt: start,
        freshUntil: start + 60,
      }
      await storage.saveClientDocument(first)
      expectEqual('first', await storage.findClientDocument(clientId), first)
      const second = {
        ...first,
        document: { client_name: 'B' },
        fetchedAt: start + 61,
        freshUntil: start + 120,
      }
      await storage.saveClientDocument(second)
      expectEqual('second', await storage.findClientDocument(clientId), second)
      await storeGrant(storage, tokensOf('g', { clientId }))
      expectEqual('removeClient', await storage.removeClient(clientId, start + 5), true)
      expectEqual('document', await storage.findClientDocument(clientId), undefined)
      expectEqual('grant', (await storage.findGrant('g'))?.revokedReason, 'client-removed')
    },
  },
]

function preRegistered(clientId: string, changes: Partial<ClientRecord> = {}): ClientRecord {
  return aClient(clientId, { kind: 'pre-registered', expiresAt: undefined, ...changes })
}
