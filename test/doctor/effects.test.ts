// What a run leaves behind is told before it is done, and given back: every registration, and every grant, to the server that it is of.

import { expect, test } from 'vitest'
import { watchEffects } from '../../src/doctor/effects.ts'
import { atPath, whenStatus } from './lab/fault.ts'
import { createLab } from './lab/lab.ts'
import { examineLab } from './lab/run.ts'

test('every grant of a run is revoked by its last refresh token', async () => {
  const lab = createLab()
  const living = new Set<string>()
  const revoked = new Set<string>()
  lab.addEdge(
    atPath('/token', async (request, next) => {
      const renewed = new URLSearchParams(await request.clone().text()).get('refresh_token')
      return whenStatus(200, async (_, answered) => {
        const answer = await answered(request)
        const { refresh_token: given } = (await answer.clone().json()) as { refresh_token: string }
        living.delete(renewed ?? '')
        living.add(given)
        return answer
      })(request, next)
    }),
  )
  lab.addEdge(
    atPath('/revoke', async (request, next) => {
      revoked.add(new URLSearchParams(await request.clone().text()).get('token') ?? '')
      return next(request)
    }),
  )
  const report = await examineLab(lab, { isIntrusive: true })
  expect(living.size).toBeGreaterThan(1)
  expect(revoked).toEqual(living)
  expect(report.effects.find(({ did }) => did.startsWith('signed in'))).toMatchObject({
    did: `signed in ${living.size} times and was given tokens`,
    undone: true,
  })
})

test('an effect is told before its first request, and only where there is one', async () => {
  const told: string[] = []
  const lab = createLab()
  // How often it was told when each came: what is thrown in here would only be a server that fails.
  const toldBefore: number[] = []
  lab.addEdge(
    atPath('/register', (request, next) => {
      if (request.method === 'POST') toldBefore.push(told.filter((says) => says.includes('regist')).length)
      return next(request)
    }),
  )
  await examineLab(lab, {
    until: 'registration',
    isIntrusive: true,
    onProgress: (progress) => {
      if (progress.kind === 'effect') told.push(progress.says)
    },
  })
  expect(toldBefore).toEqual([1, 2])
  expect(told).toHaveLength(2)
})

const tokenEndpoint = 'https://auth.example/token'
const revocationEndpoint = 'https://auth.example/revoke'

test.each([
  ['of another token endpoint', 'https://other.example/token', { grant_type: 'authorization_code' }, 1],
  ['that somebody else was given', tokenEndpoint, { grant_type: 'refresh_token', refresh_token: 'x' }, 0],
])('a token %s is not sent to the revocation endpoint', async (_, url, fields, effects) => {
  const sentTo: string[] = []
  const watch = watchEffects(async (input) => {
    sentTo.push(String(input))
    return Response.json({ access_token: 'a', refresh_token: 'r' })
  })
  await watch.fetch(url, { method: 'POST', body: new URLSearchParams(fields).toString() })
  const undone = await watch.undo({ tokenEndpoint, revocationEndpoint })
  expect(sentTo).toEqual([url])
  expect(undone.map((effect) => effect.undone)).toEqual(Array(effects).fill(false))
})

test('a client with a secret proves itself when it gives its token back', async () => {
  const bodies: unknown[] = []
  const watch = watchEffects(async (_, init) => {
    bodies.push(init?.body)
    return Response.json({ access_token: 'a' })
  })
  const fields = { grant_type: 'authorization_code', client_id: 'c', client_secret: 's' }
  await watch.fetch(tokenEndpoint, { method: 'POST', body: new URLSearchParams(fields).toString() })
  const [effect] = await watch.undo({ tokenEndpoint, revocationEndpoint })
  expect(bodies.at(-1)).toBe('token=a&client_id=c&client_secret=s')
  expect(effect).toEqual({ did: 'signed in and was given tokens', undone: true, says: 'revoked' })
})
