/** Calls between instances: sealed, for one instance, once, and in time (house rule 13). */

import { expect, test } from 'vitest'
import { createInstances, type Instances } from '../../src/app/instances.ts'
import type { PassedCall } from '../../src/gateway/elsewhere.ts'
import { hashToken, systemRandom } from '../../src/platform/crypto.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'

interface Two {
  home: Instances
  other: Instances
  /** What was sent from one to the other, as it came. */
  sent: { url: string; headers: Headers; body: Uint8Array<ArrayBuffer> }[]
  clock: { now: number }
  storage: Storage
  pass(text: string): Promise<Response | Request>
  deliver(to: Instances, sent: Two['sent'][number]): Promise<number>
  close(): Promise<void>
}

async function twoInstances(keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(1)]): Promise<Two> {
  const storage = memoryStorage()
  const clock = { now: 1_800_000_000 }
  const sent: Two['sent'] = []
  let home: Instances | undefined
  const answer = async (request: Request): Promise<Response> => {
    const passed = await home?.receive(request)
    if (passed === undefined || passed instanceof Response)
      return passed ?? new Response(null, { status: 404 })
    const said = `${passed.request.method} ${passed.request.url} ${await passed.request.text()} ${passed.tokenHash}`
    const shown = passed.request.headers.get('authorization') ?? 'no token'
    return passed.prove(new Response(`${said} ${shown} ${passed.request.headers.get('mcp-session-id')}`))
  }
  const send = (async (url: string, init: RequestInit) => {
    const body = new Uint8Array(init.body as Uint8Array<ArrayBuffer>)
    sent.push({ url, headers: new Headers(init.headers), body })
    return answer(new Request(url, init))
  }) as typeof fetch
  const create = (name: string, key: Uint8Array): Instances =>
    createInstances({
      address: `http://${name}:8788`,
      key,
      storage,
      send,
      origin: 'https://mcp.example.com',
      clock: () => clock.now,
      random: systemRandom,
      bodyBytes: 1000,
      onMissedBeat: (reason) => {
        throw new Error(reason)
      },
    })
  const [first, second] = keys
  home = create('home', first ?? new Uint8Array(32))
  const other = create('other', second ?? new Uint8Array(32))
  const call = (text: string): PassedCall => ({
    request: new Request('https://mcp.example.com/mcp?x=1', {
      method: 'POST',
      body: text,
      headers: { authorization: 'Bearer secret', cookie: 'a=b', 'mcp-session-id': 's1_x' },
    }),
    callerKey: 'ada',
    tokenHash: hashToken('secret'),
    bodyBytes: 1000,
  })
  // Whoever is asked first is the home.
  expect(await home.passOn(call('mine'))).toBeInstanceOf(Request)
  return {
    home,
    other,
    sent,
    clock,
    storage,
    pass: (text) => other.passOn(call(text)),
    async deliver(to, { url, headers, body }) {
      const passed = await to.receive(new Request(url, { method: 'POST', headers, body }))
      return passed instanceof Response ? passed.status : 200
    },
    close: async () => void (await Promise.all([home?.close(), other.close()])),
  }
}

test('[HS-13] a call is passed with its body and session, and without the token', async () => {
  const two = await twoInstances()
  const answer = (await two.pass('hello')) as Response
  expect(await answer.text()).toBe(
    `POST https://mcp.example.com/mcp?x=1 hello ${hashToken('secret')} no token s1_x`,
  )
  expect(answer.headers.get('x-postern-mac')).toBeNull()
  const wire = new TextDecoder().decode(two.sent[0]?.body)
  expect(wire).not.toContain('Bearer')
  expect(wire).not.toContain('a=b')
  await two.close()
})

test('[HS-13] what was sent once is not taken again, nor changed, nor by another instance, nor late', async () => {
  const two = await twoInstances()
  await two.pass('hello')
  const [one] = two.sent
  if (one === undefined) throw new Error('nothing was sent')
  expect(await two.deliver(two.home, one)).toBe(421)
  // The same again with a nonce of its own is what an attacker cannot seal.
  const text = new TextDecoder().decode(one.body)
  const changed = (from: string | RegExp, to: string): Two['sent'][number] => ({
    ...one,
    body: new TextEncoder().encode(text.replace(from, to)),
  })
  for (const attempt of [
    changed(/"nonce":"[^"]*"/, '"nonce":"another"'),
    changed('hello', 'other'),
    changed(/"tokenHash":"[^"]*"/, '"tokenHash":"somebody-else"'),
    changed('"POST"', '"DELETE"'),
    { ...one, headers: new Headers() },
    { ...one, body: new TextEncoder().encode('no envelope') },
    { ...one, body: new Uint8Array() },
  ])
    expect(await two.deliver(two.home, attempt)).toBe(421)
  expect(await two.deliver(two.other, one)).toBe(421)
  await two.close()
})

test('[HS-13] a sealed call that comes half a minute late is refused, and one in time is not', async () => {
  for (const [seconds, status] of [
    [30, 200],
    [31, 421],
    [-31, 421],
  ] as const) {
    const two = await twoInstances()
    // Caught on the way: the home never sees it until it is delivered.
    const { home } = two
    const receive = home.receive
    home.receive = async () => new Response(null, { status: 503 })
    await two.pass('hello')
    home.receive = receive
    two.clock.now += seconds
    const [one] = two.sent
    expect(one === undefined ? 0 : await two.deliver(home, one)).toBe(status)
    await two.close()
  }
})

test('[HS-13] an answer that is not proven by one of us is none: the call is answered here', async () => {
  const two = await twoInstances([new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)])
  const answer = await two.pass('hello')
  expect(answer).toBeInstanceOf(Request)
  expect(await (answer as Request).text()).toBe('hello')
  await two.close()
})

test('a home does not end under a caller who goes on calling, and ends a day after the last call', async () => {
  const { pass, clock, storage, close } = await twoInstances()
  const callerHash = hashToken('ada')
  for (let hour = 0; hour < 30; hour += 2) {
    clock.now += 7_200
    const home = await storage.findHome(callerHash)
    if (home === undefined) throw new Error(`it is gone after ${hour} hours`)
    await storage.beatInstance({ ...home, beatAt: clock.now })
    expect(await pass('hello')).toBeInstanceOf(Response)
    await storage.removeExpired(clock.now, 10)
  }
  clock.now += 86_400
  await storage.removeExpired(clock.now, 10)
  expect(await storage.findHome(callerHash)).toBeUndefined()
  await close()
})
