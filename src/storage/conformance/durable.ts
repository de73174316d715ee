/** Cases of the kit for engines that keep what they were given: everything is there after a new start. */

import { findBreak } from '../audit-chain.ts'
import type { Storage } from '../storage.ts'
import { aConnection } from './connections.ts'
import { aCredential } from './credentials.ts'
import { expectEqual, times } from './expect.ts'
import {
  aClient,
  aCode,
  accessHash,
  aPending,
  aUser,
  hashOf,
  refreshHash,
  rotationOf,
  start,
  storeCode,
  storeGrant,
  tokensOf,
} from './records.ts'
import { anEntry } from './usage.ts'

export interface DurableCase {
  name: string
  fill(storage: Storage): Promise<void>
  check(storage: Storage): Promise<void>
}

const decision = { kind: 'approved', scope: ['read'], userId: 'u', decidedAt: start } as const
const document = {
  client_name: 'Claude',
  redirect_uris: ['https://claude.ai/x'],
  unknown: { kept: [true, null] },
}
const key = { purpose: 'p', masterKeyId: 'm', wrapped: Uint8Array.of(0, 1, 255), createdAt: start }
const hourCount = { hourAt: start, connector: '/mcp', measure: 'calls', count: 3 }
const session = { sessionHash: hashOf('session'), userId: 'u', createdAt: start, expiresAt: start + 60 }

export const durableCases: readonly DurableCase[] = [
  {
    name: 'durable: a record of every kind is there after a new start, as it was given',
    async fill(storage) {
      await storage.registerClient(aClient('one'), 10)
      await storage.saveClientDocument({
        clientId: 'https://a/',
        document,
        fetchedAt: start,
        freshUntil: start + 1,
      })
      await storage.savePendingAuthorization(aPending('p'))
      await storage.decidePendingAuthorization('p', decision, aCode('code'), start)
      await storage.countWrongVerifier(hashOf('code'))
      await storage.createUser(aUser('u'))
      await storage.saveBrowserSession(session)
      await storage.endMcpSession(hashOf('mcp'), start + 60)
      await storage.claimMcpSession(hashOf('claimed'), 'u', start + 60)
      await storage.addKeyIfAbsent(key)
      await storage.recordConnections([aConnection('c')], start)
      await storage.saveCredential(aCredential('u', '/mcp'))
      await storage.appendAudit([anEntry()])
      await storage.recordUsage([], [hourCount])
    },
    async check(storage) {
      await storage.appendAudit([anEntry({ at: start + 1 })])
      const audit = await storage.readAudit(0, 10)
      expectEqual('audit log', [audit.length, findBreak(audit)], [2, undefined])
      expectEqual('counts of an hour', await storage.listHourCounts(start), [hourCount])
      expectEqual('client', await storage.findClient('one'), aClient('one'))
      expectEqual('credential', await storage.findCredential('u', '/mcp'), aCredential('u', '/mcp'))
      expectEqual('document', (await storage.findClientDocument('https://a/'))?.document, document)
      expectEqual('request', await storage.findPendingAuthorization('p', start), aPending('p', { decision }))
      const code = await storage.findAuthorizationCode(hashOf('code'))
      expectEqual('code', code, aCode('code', { wrongVerifiers: 1 }))
      expectEqual('user', await storage.findUserByName('U'), aUser('u'))
      const connection = { ...aConnection('c'), recordedAt: start }
      expectEqual('connection', await storage.findConnection('c'), connection)
      expectEqual('session', await storage.findBrowserSession(session.sessionHash, start), session)
      expectEqual('ended session', await storage.findMcpSession(hashOf('mcp'), start), { kind: 'ended' })
      const claimed = { kind: 'claimed', owner: 'u' }
      expectEqual('claimed session', await storage.findMcpSession(hashOf('claimed'), start), claimed)
      expectEqual('keys', await storage.listKeys(), [key])
    },
  },
  {
    name: 'durable: what was decided for good stays so: a taken code, a rotation, a revocation, a spent link',
    async fill(storage) {
      await storeCode(storage, aCode('taken'))
      await storage.takeAuthorizationCode(hashOf('taken'), tokensOf('g'), start)
      await storage.rotateRefreshToken(rotationOf('g', 0, start), start)
      await storeGrant(storage, tokensOf('revoked'))
      await storage.revokeGrant('revoked', start, 'test')
      await storage.saveSetupLink(hashOf('link'), start + 1800)
      await storage.createFirstUser(aUser('u'), hashOf('link'), start)
    },
    async check(storage) {
      const replay = await storage.takeAuthorizationCode(hashOf('taken'), tokensOf('h'), start)
      expectEqual('code', replay, 'already-taken')
      const repeated = await storage.rotateRefreshToken(rotationOf('g', 0, start + 9), start + 9)
      expectEqual('lost answer', repeated.outcome, 'repeated')
      const next = await storage.rotateRefreshToken(rotationOf('g', 1, start + 9), start + 9)
      expectEqual('successor', next.outcome, 'rotated')
      expectEqual('revoked', await storage.findAccessToken(accessHash('revoked', 0), start), undefined)
      const again = await storage.createFirstUser(aUser('v'), hashOf('link'), start)
      expectEqual('link', again, 'not-first')
    },
  },
  {
    name: 'durable: closing waits for the writes that are under way',
    async fill(storage) {
      await storeGrant(storage, tokensOf('g'))
      void Promise.all(times(50, (index) => storage.registerClient(aClient(`c${index}`), 10)))
      void storage.rotateRefreshToken(rotationOf('g', 0, start), start)
    },
    async check(storage) {
      expectEqual('clients', (await storage.listClients(100)).length, 50)
      expectEqual(
        'rotation',
        (await storage.findRefreshToken(refreshHash('g', 1)))?.refreshToken.generation,
        1,
      )
    },
  },
]
