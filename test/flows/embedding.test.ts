// Postern inside somebody else's server: beside other routes of Hono, and as a handler of node:http.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { nodeHandler } from '../../src/app/node.ts'
import { connect, openDoor } from '../door.ts'

test('beside the routes of a Hono app', async () => {
  const door = await openDoor()
  const app = new Hono()
  app.get('/api/hello', (context) => context.text('hello'))
  app.all('*', (context) => door.postern.fetch(context.req.raw))
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    Promise.resolve(
      app.request(`http://localhost:8787${path}`, {
        ...init,
        headers: { host: 'localhost:8787', ...init.headers },
      }),
    )
  expect(await (await ask('/api/hello')).text()).toBe('hello')
  expect((await ask('/.well-known/oauth-authorization-server')).status).toBe(200)
  expect((await ask('/mcp', { method: 'POST' })).status).toBe(401)
  const { accessToken } = await connect(door)
  const listed = await ask('/mcp', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
      accept: 'application/json',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  })
  expect(JSON.stringify(await listed.json())).toContain('Search notes')
})

test('as a handler of node:http, over a real socket', async () => {
  const door = await openDoor()
  const handle = nodeHandler(door.postern.fetch)
  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { accessToken } = await connect(door)
  const listed = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
      accept: 'application/json',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  })
  expect(listed.status).toBe(200)
  expect(JSON.stringify(await listed.json())).toContain('erase')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
