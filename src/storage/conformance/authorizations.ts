/** Cases of the kit: requests that wait for a person, and the codes they end in. */

import type { PendingDecision } from '../storage.ts'
import { expectEqual, expectFound, expectRejected, type StorageCase, tally, times } from './expect.ts'
import { aCode, accessHash, aPending, hashOf, refreshHash, start, storeCode, tokensOf } from './records.ts'

const approved = { kind: 'approved', scope: ['read'], userId: 'a-user', decidedAt: start } as const
const denied = { kind: 'denied', decidedAt: start } as const

export const authorizationCases: readonly StorageCase[] = [
  {
    name: 'requests: one comes back as it was saved, until the second in which it expires',
    async check(storage) {
      const record = aPending('one')
      await storage.savePendingAuthorization(record)
      expectEqual('before', await storage.findPendingAuthorization('one', record.expiresAt - 1), record)
      expectEqual('at the end', await storage.findPendingAuthorization('one', record.expiresAt), undefined)
      const late = await storage.decidePendingAuthorization('one', denied, undefined, record.expiresAt)
      expectEqual('decision at the end', late, undefined)
      expectEqual(
        'unknown',
        await storage.decidePendingAuthorization('two', denied, undefined, start),
        undefined,
      )
      await storage.savePendingAuthorization(aPending('bare', { state: undefined, scope: [] }))
      const bare = await storage.findPendingAuthorization('bare', start)
      expectEqual('without state and scope', bare, aPending('bare', { state: undefined, scope: [] }))
    },
  },
  {
    name: 'requests: a second save of one id is refused, and the decision stands',
    async check(storage) {
      await storage.savePendingAuthorization(aPending('one'))
      await storage.decidePendingAuthorization('one', denied, undefined, start)
      await expectRejected('second save', storage.savePendingAuthorization(aPending('one')))
      expectEqual('decision', (await storage.findPendingAuthorization('one', start))?.decision, denied)
    },
  },
  {
    name: 'requests: of 20 parallel saves of one id one stands; those refused take no other write with them',
    async check(storage) {
      const saves = times(40, (index) => {
        const pendingId = index % 2 === 0 ? 'same' : `other ${index}`
        return storage.savePendingAuthorization(aPending(pendingId, { state: String(index) }))
      })
      const outcomes = tally((await Promise.allSettled(saves)).map(({ status }) => status))
      expectEqual('outcomes', outcomes, { fulfilled: 21, rejected: 19 })
      for (const index of times(40, Number)) {
        if (index % 2 === 0) continue
        const other = await storage.findPendingAuthorization(`other ${index}`, start)
        expectEqual(`other ${index}`, other?.state, String(index))
      }
    },
  },
  {
    name: 'requests: approval stores its code in the same step; denial stores none',
    async check(storage) {
      const code = aCode('code')
      await storage.savePendingAuthorization(aPending('one'))
      const record = await storage.decidePendingAuthorization('one', approved, code, start)
      expectEqual('record', record, aPending('one', { decision: approved }))
      expectEqual('code', await storage.findAuthorizationCode(code.codeHash), code)
      await storage.savePendingAuthorization(aPending('two'))
      await storage.decidePendingAuthorization('two', denied, aCode('other'), start)
      expectEqual('code of a denial', await storage.findAuthorizationCode(hashOf('other')), undefined)
    },
  },
  {
    name: 'requests: 50 parallel submissions of both kinds agree on one decision, with at most its own code',
    async check(storage) {
      for (const round of times(4, String)) {
        await storage.savePendingAuthorization(aPending(round))
        const records = await Promise.all(
          times(50, (index) => {
            const isApproval = (index + Number(round)) % 2 === 0
            const decision: PendingDecision = isApproval
              ? { ...approved, userId: `user ${index}` }
              : { ...denied, decidedAt: start + index }
            return storage.decidePendingAuthorization(round, decision, aCode(`code ${round} ${index}`), start)
          }),
        )
        const standing = expectFound('record', await storage.findPendingAuthorization(round, start))
        const decision = expectFound('decision', standing.decision)
        expectEqual('all got it', tally(records.map((record) => JSON.stringify(record?.decision))), {
          [JSON.stringify(records[0]?.decision)]: 50,
        })
        expectEqual('as it stands', records[0]?.decision, decision)
        const codes = await Promise.all(
          times(50, (index) => storage.findAuthorizationCode(hashOf(`code ${round} ${index}`))),
        )
        const stored = codes.flatMap((code, index) => (code === undefined ? [] : [`user ${index}`]))
        expectEqual('stored codes', stored, decision.kind === 'approved' ? [decision.userId] : [])
      }
    },
  },
  {
    name: 'codes: a code is taken once, and grant and tokens stand in that same step',
    async check(storage) {
      await storeCode(storage, aCode('code'))
      const tokens = tokensOf('g')
      expectEqual('take', await storage.takeAuthorizationCode(hashOf('code'), tokens, start + 1), 'taken')
      expectEqual(
        'code',
        await storage.findAuthorizationCode(hashOf('code')),
        aCode('code', { grantId: 'g' }),
      )
      expectEqual('grant', await storage.findGrant('g'), tokens.grant)
      expectEqual('refresh token', await storage.findRefreshToken(refreshHash('g', 0)), {
        refreshToken: tokens.refreshToken,
        grant: tokens.grant,
      })
      expectEqual('access token', await storage.findAccessToken(accessHash('g', 0), start + 1), {
        accessToken: tokens.accessToken,
        grant: tokens.grant,
      })
      const again = await storage.takeAuthorizationCode(hashOf('code'), tokensOf('h'), start + 1)
      expectEqual('take again', again, 'already-taken')
      const late = await storage.takeAuthorizationCode(hashOf('code'), tokensOf('h'), start + 100)
      expectEqual('take again after its end', late, 'already-taken')
      expectEqual('grant of the replay', await storage.findGrant('h'), undefined)
      expectEqual('token of the replay', await storage.findRefreshToken(refreshHash('h', 0)), undefined)
    },
  },
  {
    name: 'codes: an unknown code is gone, and so is one in the second in which it expires',
    async check(storage) {
      expectEqual('unknown', await storage.takeAuthorizationCode(hashOf('no'), tokensOf('g'), start), 'gone')
      const code = aCode('code')
      await storeCode(storage, code)
      const atEnd = await storage.takeAuthorizationCode(code.codeHash, tokensOf('g'), code.expiresAt)
      expectEqual('at the end', atEnd, 'gone')
      expectEqual('grant', await storage.findGrant('g'), undefined)
      expectEqual('still told from a guess', await storage.findAuthorizationCode(code.codeHash), code)
      const before = await storage.takeAuthorizationCode(code.codeHash, tokensOf('g'), code.expiresAt - 1)
      expectEqual('a second before', before, 'taken')
    },
  },
  {
    name: 'codes: of 100 parallel takes one wins, and only its tokens exist',
    async check(storage) {
      await storeCode(storage, aCode('code'))
      const outcomes = await Promise.all(
        times(100, (index) => storage.takeAuthorizationCode(hashOf('code'), tokensOf(`g${index}`), start)),
      )
      expectEqual('outcomes', tally(outcomes), { taken: 1, 'already-taken': 99 })
      const winner = `g${outcomes.indexOf('taken')}`
      const grants = await storage.listGrants({}, 200)
      expectEqual(
        'grants',
        grants.map((grant) => grant.grantId),
        [winner],
      )
      expectEqual('code', (await storage.findAuthorizationCode(hashOf('code')))?.grantId, winner)
    },
  },
  {
    name: 'codes: 30 parallel wrong verifiers are each counted',
    async check(storage) {
      await storeCode(storage, aCode('code'))
      const counts = await Promise.all(times(30, () => storage.countWrongVerifier(hashOf('code'))))
      expectEqual(
        'counts',
        counts.sort((a, b) => a - b),
        times(30, (index) => index + 1),
      )
      expectEqual('stored', (await storage.findAuthorizationCode(hashOf('code')))?.wrongVerifiers, 30)
      expectEqual('unknown code', await storage.countWrongVerifier(hashOf('no')), 0)
    },
  },
]
