// What every upstream must manage, whatever the way to it: one suite, run for each.

import { CallToolResultSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Upstream } from '../../../src/gateway/upstream.ts'
import {
  messagesOf,
  type OpenGateway,
  openGateway,
  readAnswer,
  readMessages,
  until,
} from '../open-gateway.ts'
import { binary } from './kit-server.ts'

export interface UpstreamUnderTest {
  upstream: Upstream
  close(): Promise<void>
}

export function describeUpstream(name: string, open: () => Promise<UpstreamUnderTest>): void {
  describe(`${name}, as every upstream`, () => {
    let under: UpstreamUnderTest
    let door: OpenGateway
    beforeAll(async () => {
      under = await open()
      door = await openGateway({ upstream: under.upstream })
    })
    afterAll(async () => {
      await door.gateway.close()
      await under.close()
    })

    const call = (id: unknown, tool: string, params: Record<string, unknown> = {}): object => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name: tool, arguments: {}, ...params },
    })
    const textOf = (answer: { result?: Record<string, unknown> }): unknown =>
      (answer.result?.content as Array<{ text?: string }> | undefined)?.[0]?.text

    test('[HTTP-2025-03-26-10] echoes, under ids of every kind', async () => {
      const session = await door.openSession('ada')
      for (const id of [0, -1, 'a "quoted" id', '']) {
        const params = { arguments: { text: `for ${id}: ünï\ncode "\\ ` } }
        const answer = await readAnswer(await door.post('ada', call(id, 'echo', params), session))
        expect(answer.id).toBe(id)
        expect(textOf(answer)).toBe(params.arguments.text)
      }
    })

    test('keeps calls apart that come together under one id', async () => {
      const sessions = await Promise.all([door.openSession('ada'), door.openSession('ada')])
      const answers = await Promise.all(
        sessions.flatMap((session, index) =>
          ['x', 'y'].map(async (word) => {
            const params = { arguments: { text: `${word}${index}` } }
            return textOf(await readAnswer(await door.post('ada', call(word, 'echo', params), session)))
          }),
        ),
      )
      expect(answers).toEqual(['x0', 'y0', 'x1', 'y1'])
    })

    test('[HTTP-2025-03-26-12] [HTTP-2025-11-25-16] streams progress to the call that asked for it, in order, then the answer, then ends', async () => {
      const session = await door.openSession('ada')
      const answers = await Promise.all(
        ['token-a', 7].map(async (progressToken, index) => {
          const asked = call(`p${index}`, 'progress', { _meta: { progressToken } })
          const response = await door.post('ada', asked, session)
          expect(response.headers.get('content-type')).toBe('text/event-stream')
          return readMessages(response)
        }),
      )
      for (const [index, progressToken] of ['token-a', 7].entries()) {
        expect(answers[index]?.map(({ method, params, id }) => ({ method, params, id }))).toEqual([
          ...[1, 2, 3].map((progress) => ({
            method: 'notifications/progress',
            params: { progressToken, progress, total: 3 },
            id: undefined,
          })),
          { method: undefined, params: undefined, id: `p${index}` },
        ])
      }
    })

    test('[HTTP-2025-06-18-12] [GW-12] cancels by notification, and only the call that is named', async () => {
      const session = await door.openSession('ada')
      const before = Number(textOf(await readAnswer(await door.post('ada', call(1, 'cancelled'), session))))
      const waiting = door.post('ada', call('w', 'wait'), session)
      const notification = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'w' } }
      await new Promise((resolve) => setTimeout(resolve, 50))
      const other = await door.openSession('ada')
      await door.post('ada', notification, other)
      const count = async (): Promise<number> =>
        Number(textOf(await readAnswer(await door.post('ada', call(2, 'cancelled'), session))))
      expect(await count()).toBe(before)
      expect((await door.post('ada', notification, session)).status).toBe(202)
      await until(async () => (await count()) === before + 1, 'the cancellation')
      void waiting.then((response) => response.body?.cancel())
    })

    test('passes images and blobs untouched', async () => {
      const session = await door.openSession('ada')
      const image = await readAnswer(await door.post('ada', call(1, 'image'), session))
      expect(image.result?.content).toEqual([{ type: 'image', data: binary, mimeType: 'image/png' }])
      const read = { jsonrpc: '2.0', id: 2, method: 'resources/read', params: { uri: 'kit:blob' } }
      const blob = await readAnswer(await door.post('ada', read, session))
      expect(blob.result?.contents).toEqual([
        { uri: 'kit:blob', mimeType: 'application/octet-stream', blob: binary },
      ])
    })

    test('[MUX-08] [HTTP-2025-06-18-29] brings a question to the client that declared it, and its answer back', async () => {
      const { client } = await door.connect('ada', { elicitation: {} })
      client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'decline' }))
      const answer = await client.callTool({ name: 'ask', arguments: {} }, CallToolResultSchema)
      expect(answer.content).toEqual([{ type: 'text', text: 'they decline' }])
      const plain = await door.connect('ada')
      const refused = plain.client.callTool({ name: 'ask', arguments: {} }, CallToolResultSchema)
      await expect(refused).rejects.toThrow(/-32601|elicitation/)
      await Promise.all([client.close(), plain.client.close()])
    })

    test('[MUX-08] says 400 to an answer that nobody asked for, or lets the server judge it', async () => {
      const session = await door.openSession('ada')
      const response = await door.post('ada', { jsonrpc: '2.0', id: 'postern-1', result: {} }, session)
      expect([400, 202]).toContain(response.status)
    })

    test('shows what the server says unasked on the stream that the client opened', async () => {
      const session = await door.openSession('ada')
      const headers = { ...session, authorization: 'Bearer ada', accept: 'text/event-stream' }
      const listening = await door.send({ headers })
      expect(listening.status).toBe(200)
      expect(listening.headers.get('content-type')).toBe('text/event-stream')
      const heard = messagesOf(listening)
      await readAnswer(await door.post('ada', call(1, 'change'), session))
      expect((await heard.next()).value).toMatchObject({ method: 'notifications/tools/list_changed' })
      await heard.return(undefined)
    })

    test('turns a crash in mid-call into an error at once, and serves the next call', async () => {
      const session = await door.openSession('ada')
      const answer = await readAnswer(await door.post('ada', call('c', 'crash'), session))
      expect(answer).toMatchObject({ id: 'c', error: { code: -32000 } })
      expect(answer.error?.message).not.toMatch(/\n|at \/|node:internal/)
      const next = await readAnswer(
        await door.post('ada', call(2, 'echo', { arguments: { text: 'alive' } }), session),
      )
      expect(textOf(next)).toBe('alive')
    })

    test('[HTTP-2025-03-26-13] finishes a call whose client hung up', async () => {
      const session = await door.openSession('ada')
      const response = await door.post('ada', call(1, 'progress', { _meta: { progressToken: 1 } }), session)
      await response.body?.cancel()
      const count = await readAnswer(await door.post('ada', call(2, 'cancelled'), session))
      expect(Number.isInteger(Number(textOf(count)))).toBe(true)
    })

    test('serves an official client of the handshake era', async () => {
      const { client, transport } = await door.connect('bob')
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo')
      const seen: number[] = []
      const answer = await client.callTool({ name: 'progress', arguments: {} }, CallToolResultSchema, {
        onprogress: ({ progress }) => void seen.push(progress),
      })
      expect(answer.content).toEqual([{ type: 'text', text: 'done' }])
      expect(seen).toEqual([1, 2, 3])
      await transport.terminateSession()
      await client.close()
    })
  })
}
