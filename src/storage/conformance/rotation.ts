/** Cases of the kit: refresh token rotation to the letter of house rule 2 (OAuth 2.1 §4.3.1). */

import type { Rotation, RotationRequest, Storage } from '../storage.ts'
import { expectEqual, expectTrue, type StorageCase, tally, times } from './expect.ts'
import { accessHash, refreshHash, rotationOf, start, storeGrant, tokensOf } from './records.ts'

const hour = 3600
const day = 86_400

export const rotationCases: readonly StorageCase[] = [
  {
    name: 'rotation: the successor and its access token stand, and the grant moves on',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      const now = start + 10
      const rotation = await storage.rotateRefreshToken(rotationOf('g', 0, now), now)
      const grant = { ...tokensOf('g').grant, lastUsedAt: now, expiresAt: now + 30 * day }
      expectEqual('rotation', rotation, { outcome: 'rotated', grant, accessTokenExpiresAt: now + hour })
      const old = await storage.findRefreshToken(refreshHash('g', 0))
      expectEqual('old', old?.refreshToken, {
        ...tokensOf('g').refreshToken,
        firstUsedAt: now,
        rotatedAt: now,
      })
      const next = await storage.findRefreshToken(refreshHash('g', 1))
      expectEqual('successor', next, {
        refreshToken: { tokenHash: refreshHash('g', 1), grantId: 'g', generation: 1, issuedAt: now },
        grant,
      })
      expectEqual('access token', await storage.findAccessToken(accessHash('g', 1), now), {
        accessToken: { tokenHash: accessHash('g', 1), grantId: 'g', generation: 1, expiresAt: now + hour },
        grant,
      })
    },
  },
  {
    name: 'rotation: unknown and expired tokens change nothing, the latter from the second in which the grant ends',
    async check(storage) {
      const { grant } = tokensOf('g')
      expectEqual('unknown', await rotate(storage, 0, start), { outcome: 'unknown' })
      await storeGrant(storage, tokensOf('g'))
      expectEqual('expired', await rotate(storage, 0, grant.expiresAt), { outcome: 'expired' })
      expectEqual('grant', await storage.findGrant('g'), grant)
      expectEqual('successor', await storage.findRefreshToken(refreshHash('g', 1)), undefined)
      expectEqual('a second before', (await rotate(storage, 0, grant.expiresAt - 1)).outcome, 'rotated')
    },
  },
  {
    name: 'rotation: a grant that is bound to a key goes on with that key alone, or with another that may take its place',
    async check(storage) {
      await storeGrant(storage, tokensOf('g', { keyThumbprint: 'own' }))
      for (const keyThumbprint of [undefined, 'other'])
        expectEqual('without it', await rotate(storage, 0, start, { keyThumbprint }), {
          outcome: 'other-key',
        })
      const nothing = await rotate(storage, 0, start, { mayChangeKey: true })
      expectEqual('without any', nothing.outcome, 'other-key')
      expectEqual('own', (await rotate(storage, 0, start, { keyThumbprint: 'own' })).outcome, 'rotated')
      const changed = await rotate(storage, 1, start, { keyThumbprint: 'other', mayChangeKey: true })
      expectEqual('other in its place', changed.outcome, 'rotated')
      expectEqual('key', (await storage.findGrant('g'))?.keyThumbprint, 'other')
      const repeated = await rotate(storage, 1, start, { keyThumbprint: 'own', mayChangeKey: true })
      expectEqual('the old key, for the same answer', repeated.outcome, 'other-key')
    },
  },
  {
    name: 'rotation: of 100 parallel refreshes one rotates and 99 get the same answer',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      const rotations = await Promise.all(
        times(100, (index) => {
          // Each asks for another expiry, as requests that straddle a second do.
          const request = rotationOf('g', 0, start, { accessTokenExpiresAt: start + hour + index })
          return storage.rotateRefreshToken(request, start)
        }),
      )
      expectEqual('outcomes', tally(rotations.map((rotation) => rotation.outcome)), {
        rotated: 1,
        repeated: 99,
      })
      const expiries = new Set(rotations.map((rotation) => JSON.stringify(answerOf(rotation))))
      expectEqual('different answers', expiries.size, 1)
      expectEqual('third generation', await storage.findRefreshToken(refreshHash('g', 2)), undefined)
    },
  },
  {
    name: 'rotation (a): while nothing of the successor was used, the same answer for less than lostResponseSeconds',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      for (const seconds of [0, 61, hour, 20 * hour, day - 1]) {
        expectEqual(`after ${seconds} s`, (await rotate(storage, 0, start + seconds)).outcome, 'repeated')
      }
      const over = await rotate(storage, 0, start + day)
      expectEqual('at the end', over.outcome, 'reused')
      await expectRevoked(storage, start + day)
    },
  },
  {
    name: 'rotation (a): a repeated access token that is about to pass unused is given the requested time, else none',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      const end = start + hour
      expectEqual('60 s left', answerOf(await rotate(storage, 0, end - 60)), end)
      expectEqual('59 s left', answerOf(await rotate(storage, 0, end - 59)), end - 59 + hour)
      const hoursLater = start + 9 * hour
      expectEqual('long past', answerOf(await rotate(storage, 0, hoursLater)), hoursLater + hour)
      const live = await storage.findAccessToken(accessHash('g', 1), hoursLater)
      expectEqual('found again', live?.accessToken.expiresAt, hoursLater + hour)
    },
  },
  {
    name: 'rotation (a): also after expired records were removed, hours later',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      const hoursLater = start + 20 * hour
      await storage.removeExpired(hoursLater, 1000)
      expectEqual('answer', answerOf(await rotate(storage, 0, hoursLater)), hoursLater + hour)
      expectTrue(
        'access token lives',
        (await storage.findAccessToken(accessHash('g', 1), hoursLater)) !== undefined,
      )
      expectEqual('successor', (await rotate(storage, 1, hoursLater + 1)).outcome, 'rotated')
    },
  },
  {
    name: 'rotation (b): within reuseGraceSeconds of the first use of the access token, the same answer; then revoked',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      const usedAt = start + 1000
      await storage.markAccessTokenUsed(accessHash('g', 1), usedAt)
      expectEqual('at once', answerOf(await rotate(storage, 0, usedAt)), start + hour)
      expectEqual('in the last second', answerOf(await rotate(storage, 0, usedAt + 59)), start + hour)
      expectEqual('at the end', (await rotate(storage, 0, usedAt + 60)).outcome, 'reused')
      await expectRevoked(storage, usedAt + 60)
    },
  },
  {
    name: 'rotation (b): a used access token is never given more time by a repeated answer',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      await storage.markAccessTokenUsed(accessHash('g', 1), start + hour - 10)
      expectEqual('before its end', answerOf(await rotate(storage, 0, start + hour - 5)), start + hour)
      expectEqual('after its end', answerOf(await rotate(storage, 0, start + hour + 5)), start + hour)
      expectEqual('dead', await storage.findAccessToken(accessHash('g', 1), start + hour + 5), undefined)
    },
  },
  {
    name: 'rotation (b): within grace of the use of the successor as a refresh token, also once that is rotated',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      expectEqual('successor', (await rotate(storage, 1, start + 100)).outcome, 'rotated')
      expectEqual('the old one', answerOf(await rotate(storage, 0, start + 159)), start + hour)
      expectEqual('the successor', answerOf(await rotate(storage, 1, start + 159)), start + 100 + hour)
      expectEqual('nothing more was made', await storage.findRefreshToken(refreshHash('g', 3)), undefined)
      expectEqual('at the end', (await rotate(storage, 0, start + 160)).outcome, 'reused')
      await expectRevoked(storage, start + 160)
    },
  },
  {
    name: 'rotation (b): grace runs from the first use, not from later ones',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      for (const at of [start + 10, start + 60, start + 69]) {
        await storage.markAccessTokenUsed(accessHash('g', 1), at)
      }
      expectEqual('in the last second', (await rotate(storage, 0, start + 69)).outcome, 'repeated')
      expectEqual('at the end', (await rotate(storage, 0, start + 70)).outcome, 'reused')
    },
  },
  {
    name: 'rotation (b): the first use counts where it came after lostResponseSeconds',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      await storage.rotateRefreshToken(rotationOf('g', 1, start + 2 * day), start + 2 * day)
      expectEqual('within grace', (await rotate(storage, 0, start + 2 * day + 59)).outcome, 'repeated')
    },
  },
  {
    name: 'rotation (c): of 50 parallel late replays each is told, and the grant is revoked once',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      await storage.markAccessTokenUsed(accessHash('g', 1), start + 1)
      const rotations = await Promise.all(times(50, () => rotate(storage, 0, start + hour)))
      const outcomes = tally(rotations.map((rotation) => rotation.outcome))
      expectEqual('outcomes', outcomes, { reused: 1, revoked: 49 })
      await expectRevoked(storage, start + hour)
    },
  },
  {
    name: 'rotation: with both windows at 0 every replay is reuse, in the same second too, used or not',
    async check(storage) {
      const strict = { lostResponseSeconds: 0, reuseGraceSeconds: 0 }
      await storeGrant(storage, tokensOf('g'))
      expectEqual('first', (await rotate(storage, 0, start, strict)).outcome, 'rotated')
      expectEqual('replay', (await rotate(storage, 0, start, strict)).outcome, 'reused')
      await expectRevoked(storage, start)
      await storeGrant(storage, tokensOf('h'))
      await storage.rotateRefreshToken(rotationOf('h', 0, start, strict), start)
      await storage.markAccessTokenUsed(accessHash('h', 1), start)
      const used = await storage.rotateRefreshToken(rotationOf('h', 0, start, strict), start)
      expectEqual('replay after use', used.outcome, 'reused')
    },
  },
  {
    name: 'rotation: an answer derived otherwise than the one that stands is not given, and nothing changes',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await rotate(storage, 0, start)
      for (const change of [{ successor: refreshHash('x', 1) }, { accessToken: accessHash('x', 1) }]) {
        expectEqual('outcome', await rotate(storage, 0, start + 1, change), { outcome: 'unknown' })
      }
      expectEqual('grant', (await storage.findGrant('g'))?.revokedAt, undefined)
      expectEqual('token', await storage.findRefreshToken(refreshHash('x', 1)), undefined)
      expectEqual('the same answer', (await rotate(storage, 0, start + 1)).outcome, 'repeated')
    },
  },
  {
    name: 'rotation: revoking one grant leaves another of the same client and person alone',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await storeGrant(storage, tokensOf('h'))
      await rotate(storage, 0, start)
      expectEqual('replay', (await rotate(storage, 0, start + 2 * day)).outcome, 'reused')
      const other = rotationOf('h', 0, start + 2 * day)
      expectEqual('other', (await storage.rotateRefreshToken(other, start + 2 * day)).outcome, 'rotated')
    },
  },
  {
    name: 'rotation: a family of 600 in one second loses no token for which an answer stands',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      for (const generation of times(600, Number)) await rotate(storage, generation, start)
      for (const generation of [0, 1, 300, 598, 599]) {
        const outcome = (await rotate(storage, generation, start + 59)).outcome
        expectEqual(`generation ${generation}`, outcome, 'repeated')
      }
    },
  },
  {
    name: 'rotation: rows whose rule and access token are over may go, and what stays still answers',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      const last = 40
      for (const generation of times(last, Number))
        await rotate(storage, generation, start + generation * hour)
      const now = start + (last - 1) * hour
      await storage.removeExpired(now, 1000)
      expectEqual('the last', (await rotate(storage, last - 1, now + 59)).outcome, 'repeated')
      expectEqual('the newest', (await rotate(storage, last, now + 60)).outcome, 'rotated')
      const replay = (await rotate(storage, 1, now + 60)).outcome
      expectTrue(`a long dead one is ${replay}`, replay === 'unknown' || replay === 'reused')
    },
  },
]

function rotate(
  storage: Storage,
  generation: number,
  now: number,
  changes: Partial<RotationRequest> = {},
): Promise<Rotation> {
  return storage.rotateRefreshToken(rotationOf('g', generation, now, changes), now)
}

/** The only part of an answer that is not in its tokens; undefined where none was given. */
function answerOf(rotation: Rotation): number | undefined {
  return 'accessTokenExpiresAt' in rotation ? rotation.accessTokenExpiresAt : undefined
}

async function expectRevoked(storage: Storage, at: number): Promise<void> {
  const grant = await storage.findGrant('g')
  expectEqual('grant', [grant?.revokedAt, grant?.revokedReason], [at, 'refresh-token-reused'])
  for (const generation of [0, 1]) {
    const live = await storage.findAccessToken(accessHash('g', generation), at)
    expectEqual(`access token ${generation}`, live, undefined)
    expectEqual(`refresh token ${generation}`, await rotate(storage, generation, at), { outcome: 'revoked' })
  }
}
