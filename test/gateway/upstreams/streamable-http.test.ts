// A URL as an upstream.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { streamableHttpUpstream } from '../../../src/gateway/upstreams/streamable-http.ts'
import { initializeMessage, modernCall, openGateway, readAnswer } from '../open-gateway.ts'
import { type HttpKit, startHttpKit } from './http-kit.ts'
import { describeUpstream } from './upstream-kit.ts'

describeUpstream('a URL', async () => {
  const kit = await startHttpKit()
  return { upstream: streamableHttpUpstream({ url: kit.url }), close: () => kit.close() }
})

let kit: HttpKit
beforeAll(async () => {
  kit = await startHttpKit()
})
afterAll(() => kit.close())

test('[GW-1] the operator’s headers go with every request, the client’s token with none', async () => {
  const headers = { authorization: 'Bearer of-the-operator', 'x-tenant': '7' }
  const door = await openGateway({ upstream: streamableHttpUpstream({ url: kit.url, headers }) })
  const session = await door.openSession('ada')
  await readAnswer(await door.post('ada', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, session))
  await door.send({ method: 'DELETE', headers: { ...session, authorization: 'Bearer ada' } })
  expect(kit.heard.length).toBeGreaterThanOrEqual(4)
  for (const heard of kit.heard) expect(heard).toMatchObject(headers)
})

test('nothing listens there: an error under the request’s id, without an address in it', async () => {
  const door = await openGateway({
    upstream: streamableHttpUpstream({ url: 'http://127.0.0.1:1/secret-path' }),
  })
  const response = await door.post('ada', initializeMessage('2025-11-25'))
  expect(response.status).toBe(200)
  const { id, error } = await readAnswer(response)
  expect(id).toBe('init')
  expect(error?.code).toBe(-32000)
  expect(error?.message).toContain('could not be reached')
  expect(error?.message).not.toMatch(/127\.0\.0\.1|secret-path| at /)
  expect(door.events.find(({ name }) => name === 'upstream.failed')?.reason).toContain('127.0.0.1:1')
  const notified = await door.post('ada', { jsonrpc: '2.0', method: 'notifications/x' })
  expect(notified.status).toBe(502)
  expect(notified.headers.get('content-type')).toBe('application/json')
})

test('a redirect is not followed, wherever it leads', async () => {
  let asked = 0
  const http = createServer((_, response) => {
    asked++
    response.writeHead(307, { location: kit.url }).end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const door = await openGateway({ upstream: streamableHttpUpstream({ url: `http://127.0.0.1:${port}/` }) })
  const { error } = await readAnswer(await door.post('ada', initializeMessage('2025-11-25')))
  expect(error?.message).toContain('redirect')
  expect(asked).toBe(1)
  await new Promise<void>((resolve) => http.close(() => resolve()))
})

test.each(['declared', 'unknown'])(
  'a JSON body of %s length that stops in the middle is given up',
  async (length) => {
    const http = createServer(async (request, response) => {
      if ((await readText(request)).includes('server/discover')) {
        const result = { supportedVersions: ['2026-07-28'] }
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ jsonrpc: '2.0', id: 'postern-asks', result }))
        return
      }
      const declared = length === 'declared' ? { 'content-length': '60' } : {}
      response.writeHead(200, { 'content-type': 'application/json', ...declared }).write('{"jsonrpc":"2.0",')
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const { port } = http.address() as AddressInfo
    const limits = { openDeadlineMs: 50, streamIdleMs: 50 }
    const door = await openGateway({
      upstream: streamableHttpUpstream({ url: `http://127.0.0.1:${port}/`, limits }),
    })
    const call = modernCall('tools/list')
    const response = await door.post('ada', call.message, call.headers)
    if (length === 'declared') {
      expect(await readAnswer(response)).toMatchObject({ id: 7, error: { code: -32000 } })
    } else {
      // Its beginning is under way already: what is cut short must not look whole.
      await expect(response.text()).rejects.toThrow()
    }
    http.closeAllConnections()
    await new Promise<void>((resolve) => http.close(() => resolve()))
  },
)
