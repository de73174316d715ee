// What one caller may ask, how long anything may take, and what is told when it is too much.

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { GatewayLimits, UpstreamLimits } from '../../src/gateway/limits.ts'
import { urlUpstream } from '../../src/gateway/upstreams/url.ts'
import { type OpenGateway, openGateway, readAnswer, until } from './open-gateway.ts'
import { type Reached, result, scriptedUpstream } from './scripted-upstream.ts'

const call = (id: unknown, name = 'search'): Record<string, unknown> => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
})

interface Held {
  door: OpenGateway
  /** Lets the calls go that the server holds. */
  release(answer?: (seen: Reached) => Response): void
}

async function heldCalls(limits: Partial<UpstreamLimits & GatewayLimits>): Promise<Held> {
  const { promise, resolve } = Promise.withResolvers<(seen: Reached) => Response>()
  const { upstream } = scriptedUpstream(async (seen) => {
    if (seen.body.method !== 'tools/call' || seen.body.params?.name !== 'search') return undefined
    return (await promise)(seen)
  }, limits)
  const usual = (seen: Reached): Response => result(seen, { content: [{ type: 'text', text: 'at last' }] })
  return { door: await openGateway({ upstream, limits }), release: (answer = usual) => resolve(answer) }
}

describe('a call whose answer is long in coming', () => {
  test('[GW-13] becomes a stream that says it is alive, and then the answer', async () => {
    const { door, release } = await heldCalls({ streamAfterMs: 20, keepAliveMs: 10 })
    const session = await door.openSession('ada')
    const response = await door.post('ada', call('slow'), session)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    const reader = response.body?.getReader()
    const comments = [await reader?.read(), await reader?.read(), await reader?.read()]
    for (const { value } of comments as { value: Uint8Array }[]) {
      expect(new TextDecoder().decode(value)).toBe(': keep-alive\n\n')
    }
    reader?.releaseLock()
    release()
    expect(await readAnswer(response)).toMatchObject({
      id: 'slow',
      result: { content: [{ text: 'at last' }] },
    })
  })

  test('hands on the stream of a server that begins late', async () => {
    const { door, release } = await heldCalls({ streamAfterMs: 5 })
    const session = await door.openSession('ada')
    const response = await door.post('ada', call('slow'), session)
    release(({ body }) => {
      const answer = JSON.stringify({ jsonrpc: '2.0', id: body.id, result: { streamed: true } })
      const headers = { 'content-type': 'text/event-stream' }
      return new Response(`data: ${answer}\n\n`, { headers })
    })
    expect(await readAnswer(response)).toMatchObject({ id: 'slow', result: { streamed: true } })
  })

  test('tells on the stream what went wrong', async () => {
    const { door, release } = await heldCalls({ streamAfterMs: 5 })
    const session = await door.openSession('ada')
    const response = await door.post('ada', call('slow'), session)
    release(() => new Response(null, { status: 502 }))
    expect(await readAnswer(response)).toMatchObject({ id: 'slow', error: { code: -32000 } })
  })

  test('a client that reads JSON only gets JSON, however late', async () => {
    const { door, release } = await heldCalls({ streamAfterMs: 5 })
    const session = await door.openSession('ada')
    const waiting = door.post('ada', call('slow'), { ...session, accept: 'application/json' })
    setTimeout(release, 40)
    expect((await waiting).headers.get('content-type')).toBe('application/json')
  })
})

describe('too many calls', () => {
  test('new ones are 503 with Retry-After and never reach the server; those that were let in are answered', async () => {
    const { door, release } = await heldCalls({ callsAtOnce: 3, callsPerCaller: 2 })
    const sessions = { ada: await door.openSession('ada'), bob: await door.openSession('bob') }
    const admitted = [
      door.post('ada', call(1), sessions.ada),
      door.post('ada', call(2), sessions.ada),
      door.post('bob', call(3), sessions.bob),
    ]
    for (const who of ['ada', 'bob'] as const) {
      const refused = await door.post(who, call(4, 'append'), sessions[who])
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
      expect(refused.headers.get('content-type')).toBe('application/json')
    }
    release()
    for (const [index, response] of (await Promise.all(admitted)).entries()) {
      expect((await readAnswer(response)).id).toBe(index + 1)
    }
    expect((await door.post('ada', call(5, 'append'), sessions.ada)).status).toBe(200)
  })

  test('one person does not take the place of another', async () => {
    const { door, release } = await heldCalls({ callsAtOnce: 10, callsPerCaller: 1 })
    const sessions = { ada: await door.openSession('ada'), bob: await door.openSession('bob') }
    const held = door.post('ada', call(1), sessions.ada)
    expect((await door.post('ada', call(2, 'append'), sessions.ada)).status).toBe(503)
    expect((await door.post('bob', call(3, 'append'), sessions.bob)).status).toBe(200)
    release()
    await held
  })

  test('[MUX-03] who has no token is told to sign in, not that there is much to do', async () => {
    const { door, release } = await heldCalls({ callsAtOnce: 1 })
    const session = await door.openSession('ada')
    const held = door.post('ada', call(1), session)
    expect((await door.post(undefined, call(2))).status).toBe(401)
    release()
    await held
  })
})

describe('a result that Claude does not take whole', () => {
  async function serverThat(answer: (response: ServerResponse, id: unknown) => void): Promise<OpenGateway> {
    const http = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      answer(response, JSON.parse(text).id)
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      http.closeAllConnections()
      http.close()
    })
    const { port } = http.address() as AddressInfo
    return openGateway({ upstream: urlUpstream({ url: `http://127.0.0.1:${port}/mcp` }) })
  }

  const answerOf = (id: unknown, characters: number): string =>
    JSON.stringify({
      jsonrpc: '2.0',
      id,
      result: { content: [{ type: 'text', text: 'x'.repeat(characters) }], protocolVersion: '2025-11-25' },
    })

  const forms: Record<string, (response: ServerResponse, text: string) => void> = {
    'JSON of a known length': (response, text) =>
      void response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
        .end(text),
    'JSON in chunks': (response, text) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write(text.slice(0, 1000))
      response.end(text.slice(1000))
    },
    'a stream': (response, text) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${text}\n\n`),
  }

  test.each(Object.entries(forms))('is told of as an event, as %s', async (_, write) => {
    let characters = 10
    const door = await serverThat((response, id) => write(response, answerOf(id, characters)))
    const session = await door.openSession('ada')
    const codes = async (): Promise<unknown[]> => {
      await readAnswer(await door.post('ada', call(1), session))
      return door.events
        .filter(({ name }) => name === 'result.large')
        .map(({ code, tool }) => ({ code, tool }))
    }
    expect(await codes()).toEqual([])
    characters = 110_000
    expect(await codes()).toEqual([{ code: '25000-tokens', tool: 'search' }])
    characters = 300_000
    await codes()
    await until(() => door.events.filter(({ name }) => name === 'result.large').length > 1, 'the event')
    expect(door.events.findLast(({ name }) => name === 'result.large')?.code).toBe('150000-characters')
  })
})
