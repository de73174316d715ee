/** Cases of the kit: access tokens, grants and their end. */

import { expectEqual, expectRejected, type StorageCase, tally, times } from './expect.ts'
import {
  aCode,
  accessHash,
  hashOf,
  refreshHash,
  rotationOf,
  start,
  storeCode,
  storeGrant,
  tokensOf,
} from './records.ts'

export const tokenCases: readonly StorageCase[] = [
  {
    name: 'tokens: a grant without a code is stored whole, and never over another',
    async check(storage) {
      await storage.saveGrant(tokensOf('g'))
      expectEqual('grant', await storage.findGrant('g'), tokensOf('g').grant)
      const live = await storage.findAccessToken(accessHash('g', 0), start)
      expectEqual('access token', live?.grant.grantId, 'g')
      const clash = { ...tokensOf('h'), accessToken: tokensOf('g').accessToken }
      await expectRejected('a token twice', storage.saveGrant(clash))
      expectEqual('nothing of it', await storage.findGrant('h'), undefined)
    },
  },
  {
    name: 'tokens: an access token lives until the second in which it expires',
    async check(storage) {
      const tokens = tokensOf('g')
      await storeGrant(storage, tokens)
      const { expiresAt } = tokens.accessToken
      const live = { accessToken: tokens.accessToken, grant: tokens.grant }
      expectEqual('before', await storage.findAccessToken(accessHash('g', 0), expiresAt - 1), live)
      expectEqual('at the end', await storage.findAccessToken(accessHash('g', 0), expiresAt), undefined)
      expectEqual('unknown', await storage.findAccessToken(hashOf('no'), start), undefined)
      expectEqual('refresh as access', await storage.findAccessToken(refreshHash('g', 0), start), undefined)
      expectEqual('access as refresh', await storage.findRefreshToken(accessHash('g', 0)), undefined)
    },
  },
  {
    name: 'tokens: an access token does not outlive its grant',
    async check(storage) {
      await storeGrant(storage, tokensOf('g', { expiresAt: start + 100 }))
      expectEqual(
        'before',
        (await storage.findAccessToken(accessHash('g', 0), start + 99)) === undefined,
        false,
      )
      expectEqual('at the end', await storage.findAccessToken(accessHash('g', 0), start + 100), undefined)
    },
  },
  {
    name: 'tokens: the first use is marked once, on both tokens; the last use moves on with the grant',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      for (const at of [start + 5, start + 9, start + 7]) {
        await storage.markAccessTokenUsed(accessHash('g', 0), at)
      }
      const found = await storage.findRefreshToken(refreshHash('g', 0))
      expectEqual('refresh token', found?.refreshToken.firstUsedAt, start + 5)
      expectEqual('grant', found?.grant.lastUsedAt, start + 9)
      const live = await storage.findAccessToken(accessHash('g', 0), start + 9)
      expectEqual('access token', live?.accessToken.firstUsedAt, start + 5)
      await storage.markAccessTokenUsed(hashOf('no'), start)
    },
  },
  {
    name: 'tokens: after a rotation both access tokens live, each with its own generation and first use',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await storage.rotateRefreshToken(rotationOf('g', 0, start + 10), start + 10)
      await storage.markAccessTokenUsed(accessHash('g', 1), start + 11)
      const old = await storage.findAccessToken(accessHash('g', 0), start + 12)
      const next = await storage.findAccessToken(accessHash('g', 1), start + 12)
      expectEqual('old', [old?.accessToken.generation, old?.accessToken.firstUsedAt], [0, undefined])
      expectEqual('next', [next?.accessToken.generation, next?.accessToken.firstUsedAt], [1, start + 11])
    },
  },
  {
    name: 'tokens: revoking a grant kills all its tokens, once, and no token of another grant of the same client',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await storeGrant(storage, tokensOf('h'))
      await storage.rotateRefreshToken(rotationOf('g', 0, start + 10), start + 10)
      const outcomes = await Promise.all(
        times(20, (index) => storage.revokeGrant('g', start + 20 + index, `reason ${index}`)),
      )
      expectEqual('outcomes', tally(outcomes.map(String)), { true: 1, false: 19 })
      const grant = await storage.findGrant('g')
      const winner = outcomes.indexOf(true)
      expectEqual(
        'grant',
        [grant?.revokedAt, grant?.revokedReason],
        [start + 20 + winner, `reason ${winner}`],
      )
      expectEqual('old access', await storage.findAccessToken(accessHash('g', 0), start + 20), undefined)
      expectEqual('new access', await storage.findAccessToken(accessHash('g', 1), start + 20), undefined)
      for (const generation of [0, 1]) {
        const request = rotationOf('g', generation, start + 20)
        expectEqual('refresh', await storage.rotateRefreshToken(request, start + 20), { outcome: 'revoked' })
      }
      expectEqual('other grant', (await storage.findGrant('h'))?.revokedAt, undefined)
      const other = await storage.findAccessToken(accessHash('h', 0), start + 20)
      expectEqual('other access', other?.grant.grantId, 'h')
      expectEqual('unknown grant', await storage.revokeGrant('no', start, 'reason'), false)
    },
  },
  {
    name: 'tokens: a grant that was revoked while its token is being refreshed stays dead, whichever came first',
    async check(storage) {
      for (const index of times(20, Number)) {
        const grantId = `g${index}`
        await storeGrant(storage, tokensOf(grantId))
        const refresh = () => storage.rotateRefreshToken(rotationOf(grantId, 0, start + 1), start + 1)
        const revoke = () => storage.revokeGrant(grantId, start + 1, 'by a person')
        await Promise.all(index % 2 === 0 ? [refresh(), revoke()] : [revoke(), refresh()])
        for (const generation of [0, 1]) {
          const access = await storage.findAccessToken(accessHash(grantId, generation), start + 1)
          expectEqual(`access token ${generation}`, access, undefined)
        }
      }
    },
  },
  {
    name: 'tokens: a step that cannot be finished leaves nothing of itself, and harms no step beside it',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await storeGrant(storage, tokensOf('h'))
      await storeCode(storage, aCode('code'))
      const { refreshToken } = tokensOf('g')
      const clash = { ...tokensOf('new'), refreshToken: { ...refreshToken, grantId: 'new' } }
      const clashing = rotationOf('h', 0, start + 1, { successor: refreshHash('g', 0) })
      await Promise.all([
        storage.markAccessTokenUsed(accessHash('g', 0), start + 1),
        expectRejected('take', storage.takeAuthorizationCode(hashOf('code'), clash, start + 1)),
        expectRejected('rotation', storage.rotateRefreshToken(clashing, start + 1)),
        storage.markAccessTokenUsed(accessHash('h', 0), start + 2),
      ])
      expectEqual('code', (await storage.findAuthorizationCode(hashOf('code')))?.grantId, undefined)
      expectEqual('new grant', await storage.findGrant('new'), undefined)
      expectEqual('new access token', await storage.findAccessToken(accessHash('new', 0), start), undefined)
      expectEqual('owner', (await storage.findRefreshToken(refreshHash('g', 0)))?.grant.grantId, 'g')
      expectEqual('before', (await storage.findGrant('g'))?.lastUsedAt, start + 1)
      const other = await storage.findRefreshToken(refreshHash('h', 0))
      expectEqual('not rotated', other?.refreshToken.rotatedAt, undefined)
      expectEqual('after', other?.grant.lastUsedAt, start + 2)
    },
  },
  {
    name: 'tokens: of 30 parallel writes each is seen by whoever waited for it',
    async check(storage) {
      const seen = await Promise.all(
        times(30, async (index) => {
          await storeCode(storage, aCode(`code ${index}`))
          const code = await storage.findAuthorizationCode(hashOf(`code ${index}`))
          await storage.takeAuthorizationCode(hashOf(`code ${index}`), tokensOf(`g${index}`), start)
          const live = await storage.findAccessToken(accessHash(`g${index}`, 0), start)
          await storage.revokeGrant(`g${index}`, start, 'test')
          const dead = await storage.findAccessToken(accessHash(`g${index}`, 0), start)
          return `${code !== undefined} ${live !== undefined} ${dead === undefined}`
        }),
      )
      expectEqual('seen', tally(seen), { 'true true true': 30 })
    },
  },
  {
    name: 'tokens: grants are listed by person, by client, by both, newest first, revoked ones too',
    async check(storage) {
      const owners = [
        ['a', 'one'],
        ['b', 'one'],
        ['a', 'two'],
      ] as const
      for (const [index, [userId, clientId]] of owners.entries()) {
        await storeGrant(storage, tokensOf(`g${index}`, { userId, clientId, createdAt: start + index }))
      }
      await storage.revokeGrant('g0', start + 9, 'test')
      const ids = async (filter: { userId?: string; clientId?: string }, limit = 10) =>
        (await storage.listGrants(filter, limit)).map((grant) => grant.grantId)
      expectEqual('all', await ids({}), ['g2', 'g1', 'g0'])
      expectEqual('limited', await ids({}, 2), ['g2', 'g1'])
      expectEqual('of a person', await ids({ userId: 'a' }), ['g2', 'g0'])
      expectEqual('of a client', await ids({ clientId: 'one' }), ['g1', 'g0'])
      expectEqual('of both', await ids({ userId: 'a', clientId: 'one' }), ['g0'])
    },
  },
  {
    name: 'tokens: a record that was handed out can be written to without changing what is stored',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      const found = await storage.findGrant('g')
      if (found !== undefined) found.revokedAt = start
      expectEqual('stored', (await storage.findGrant('g'))?.revokedAt, undefined)
      const live = await storage.findAccessToken(accessHash('g', 0), start)
      if (live !== undefined) live.grant.userId = 'somebody else'
      const again = await storage.findAccessToken(accessHash('g', 0), start)
      expectEqual('stored user', again?.grant.userId, 'a-user')
    },
  },
]
