/** Cases of the kit: what is removed when its time has passed, and what is not. */

import type { Storage } from '../storage.ts'
import { expectEqual, expectTrue, type StorageCase, times } from './expect.ts'
import {
  aClient,
  aCode,
  accessHash,
  aPending,
  hashOf,
  start,
  storeCode,
  storeGrant,
  tokensOf,
} from './records.ts'

const day = 86_400

export const expiryCases: readonly StorageCase[] = [
  {
    name: 'expiry: of each kind what has passed goes, in batches of the given size, and what lives stays',
    async check(storage) {
      for (const index of times(25, Number)) {
        const ends = { expiresAt: start + (index < 20 ? 10 : 11) }
        await storage.savePendingAuthorization(aPending(`p${index}`, ends))
        await storage.registerClient(aClient(`c${index}`, ends), 10)
        await storage.saveBrowserSession({
          ...{ sessionHash: hashOf(`b${index}`), userId: 'u', createdAt: start },
          ...ends,
        })
        await storage.endMcpSession(hashOf(`m${index}`), ends.expiresAt)
      }
      const counts = await removeAll(storage, start + 10, 7)
      expectTrue(
        'every batch is small',
        counts.every((count) => count <= 7),
      )
      expectEqual(
        'removed',
        counts.reduce((sum, count) => sum + count, 0),
        80,
      )
      // Seen from the start, when all of them lived, so that what is missing was removed.
      for (const index of times(25, Number)) {
        const isKept = index >= 20
        const records = {
          pending: await storage.findPendingAuthorization(`p${index}`, start),
          client: await storage.findClient(`c${index}`),
          session: await storage.findBrowserSession(hashOf(`b${index}`), start),
          ended: await storage.findMcpSession(hashOf(`m${index}`), start),
        }
        for (const [kind, record] of Object.entries(records)) {
          expectEqual(`${kind} ${index} kept`, record !== undefined, isKept)
        }
      }
      expectEqual('nothing more', await storage.removeExpired(start + 10, 100), 0)
    },
  },
  {
    name: 'expiry: a grant goes with all its tokens in the second in which it ends, and not before',
    async check(storage) {
      await storeGrant(storage, tokensOf('g', { expiresAt: start + 10 }))
      await storeGrant(storage, tokensOf('h', { expiresAt: start + 11 }))
      await storage.revokeGrant('h', start, 'test')
      await removeAll(storage, start + 9)
      expectTrue('before', (await storage.findGrant('g')) !== undefined)
      await removeAll(storage, start + 10)
      expectEqual('grant', await storage.findGrant('g'), undefined)
      expectEqual(
        'refresh token',
        await storage.findRefreshToken(tokensOf('g').refreshToken.tokenHash),
        undefined,
      )
      expectTrue('a revoked one, before its end', (await storage.findGrant('h')) !== undefined)
    },
  },
  {
    name: 'expiry: a live grant keeps its tokens, its client and its client document',
    async check(storage) {
      const document = { document: {}, fetchedAt: start, freshUntil: start + 10 }
      await storage.registerClient(aClient('row'), 10)
      await storage.registerClient(aClient('idle'), 10)
      await storage.saveClientDocument({ clientId: 'https://a.example/', ...document })
      await storage.saveClientDocument({ clientId: 'https://b.example/', ...document })
      const expiresAt = start + 400 * day
      await storeGrant(storage, tokensOf('g', { clientId: 'row.1.nonce.mac', clientRowId: 'row', expiresAt }))
      await storeGrant(storage, tokensOf('h', { clientId: 'https://a.example/', expiresAt }))
      const later = start + 300 * day
      await removeAll(storage, later)
      expectTrue('client of a live grant', (await storage.findClient('row')) !== undefined)
      expectEqual('client of none', await storage.findClient('idle'), undefined)
      const used = await storage.findClientDocument('https://a.example/')
      expectTrue('document of a live grant', used !== undefined)
      expectEqual('document of none', await storage.findClientDocument('https://b.example/'), undefined)
      const found = await storage.findRefreshToken(tokensOf('g').refreshToken.tokenHash)
      expectTrue('refresh token', found !== undefined)
      await storage.revokeGrant('g', later, 'test')
      await removeAll(storage, later)
      expectEqual('client of a revoked grant', await storage.findClient('row'), undefined)
    },
  },
  {
    name: 'expiry: pre-registered clients and confirmed ones without an end stay',
    async check(storage) {
      await storage.addPreRegisteredClient(aClient('given', { kind: 'pre-registered', expiresAt: undefined }))
      await storage.registerClient(aClient('confirmed'), 10)
      await storage.confirmClient('confirmed', start, undefined)
      await removeAll(storage, start + 4000 * day)
      expectEqual('clients', (await storage.listClients(10)).length, 2)
    },
  },
  {
    name: 'expiry: a stale client document is kept for a host that does not answer, for days',
    async check(storage) {
      const clientId = 'https://a.example/'
      await storage.saveClientDocument({ clientId, document: {}, fetchedAt: start, freshUntil: start + 10 })
      await removeAll(storage, start + 7 * day)
      expectTrue('document', (await storage.findClientDocument(clientId)) !== undefined)
    },
  },
  {
    name: 'expiry: a code that was taken is remembered longer than one that was not, so that a replay is recognised',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await storeCode(storage, aCode('untaken'))
      await removeAll(storage, start + 3600)
      expectEqual('untaken', await storage.findAuthorizationCode(hashOf('untaken')), undefined)
      const taken = await storage.findAuthorizationCode(hashOf('code of g'))
      expectEqual('taken', taken?.grantId, 'g')
      const access = await storage.findAccessToken(accessHash('g', 0), start + 3599)
      expectTrue('live token', access !== undefined)
      await removeAll(storage, start + 10 * day)
      expectEqual('days later', await storage.findAuthorizationCode(hashOf('code of g')), undefined)
    },
  },
  {
    name: 'expiry: removal beside traffic disturbs nothing',
    async check(storage) {
      for (const index of times(100, Number)) {
        await storage.savePendingAuthorization(aPending(`old ${index}`, { expiresAt: start }))
      }
      const [removed] = await Promise.all([
        removeAll(storage, start, 5),
        ...times(50, (index) => storeGrant(storage, tokensOf(`g${index}`))),
      ])
      expectEqual(
        'removed',
        removed.reduce((sum, count) => sum + count, 0),
        100,
      )
      expectEqual('grants', (await storage.listGrants({}, 100)).length, 50)
    },
  },
]

/** In batches until one finds nothing; gives the size of each. */
async function removeAll(storage: Storage, now: number, limit = 100): Promise<number[]> {
  const counts: number[] = []
  for (;;) {
    const count = await storage.removeExpired(now, limit)
    if (count === 0) return counts
    counts.push(count)
  }
}
