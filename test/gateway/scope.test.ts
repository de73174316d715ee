// What a token's scope allows, by what the body says and what the upstream says of its tools.

import { beforeEach, describe, expect, test } from 'vitest'
import { findBearerChallenge } from '../../src/oauth/www-authenticate.ts'
import { modernCall, type OpenGateway, openGateway, readAnswer, tokens } from './open-gateway.ts'
import {
  modernScriptedUpstream,
  result,
  type ScriptedUpstream,
  scriptedUpstream,
} from './scripted-upstream.ts'

let upstream: ScriptedUpstream
let door: OpenGateway
let session: Record<string, string>
beforeEach(async () => {
  upstream = modernScriptedUpstream()
  door = await openGateway({ upstream: upstream.upstream })
  session = await door.openSession('ada-reads')
  upstream.reached.length = 0
})

const call = (name: unknown): object => ({ jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name } })

describe('a token that may only read', () => {
  test('[HTTP-2025-03-26-10] sees every tool: what is not shown cannot be asked for', async () => {
    const response = await door.post('ada-reads', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, session)
    const { result } = await readAnswer(response)
    expect(result?.tools).toHaveLength(3)
  })

  test('may call a tool that the upstream calls read-only', async () => {
    const response = await door.post('ada-reads', call('search'), session)
    expect((await readAnswer(response)).result?.content).toEqual([{ type: 'text', text: 'called search' }])
  })

  test.each(['erase', 'append', 'no-such-tool', 'Search', '__proto__', 7, undefined])(
    '[AUTH-2025-11-25-20] [AUTH-2025-11-25-21] [ASU-13] [CC-03] may not call %s: 403 with both scopes, and the upstream never hears of it',
    async (name) => {
      const response = await door.post('ada-reads', call(name), session)
      expect(response.status).toBe(403)
      expect(findBearerChallenge(response.headers.get('www-authenticate'))).toMatchObject({
        error: 'insufficient_scope',
        scope: 'read write',
        resourceMetadata: 'http://localhost:8787/.well-known/oauth-protected-resource/mcp',
      })
      expect(upstream.calls('tools/call')).toEqual([])
    },
  )

  test.each([
    ['prompts/get', 200],
    ['resources/read', 200],
    ['ping', 200],
    ['logging/setLevel', 200],
    ['tasks/cancel', 403],
    ['vendor/do-something', 403],
  ])('%s is %i', async (method, status) => {
    const response = await door.post('ada-reads', { jsonrpc: '2.0', id: 1, method }, session)
    expect(response.status).toBe(status)
  })

  test('the list is asked for once for many calls, and again after a while', async () => {
    for (let count = 0; count < 3; count++) await door.post('ada-reads', call('search'), session)
    expect(upstream.calls('tools/list')).toHaveLength(1)
    expect(upstream.calls('tools/list')[0]?.headers.authorization).toBeUndefined()
  })

  test('every page of the list counts', async () => {
    const pages = scriptedUpstream((seen) => {
      if (seen.body.method !== 'tools/list') return undefined
      const isFirst = seen.body.params?.cursor === undefined
      const tool = { name: isFirst ? 'one' : 'two', annotations: { readOnlyHint: true } }
      return result(seen, { tools: [tool], ...(isFirst ? { nextCursor: 'more' } : {}) })
    })
    const own = await openGateway({ upstream: pages.upstream })
    expect((await own.post('ada-reads', call('two'))).status).toBe(200)
  })

  test('no list, no call', async () => {
    const silent = scriptedUpstream((seen) =>
      seen.body.method === 'tools/list' ? new Response('{}') : undefined,
    )
    const own = await openGateway({ upstream: silent.upstream })
    expect((await own.post('ada-reads', call('search'))).status).toBe(403)
  })

  test('[MUX-07] one forbidden element forbids the batch', async () => {
    const old = await door.openSession('ada-reads', { version: '2025-03-26' })
    const response = await door.post('ada-reads', [call('search'), call('erase')], old)
    expect(response.status).toBe(403)
    expect(upstream.calls('tools/call')).toEqual([])
  })

  test('[GW-11] [HTTP-2026-07-28-23] headers that name another tool change nothing', async () => {
    const headers = { ...session, 'mcp-method': 'tools/call', 'mcp-name': 'search' }
    expect((await door.post('ada-reads', call('erase'), headers)).status).toBe(403)
    const modern = modernCall('tools/call', { name: 'erase' }, { headers: { 'mcp-name': 'search' } })
    expect((await door.post('ada-reads', modern.message, modern.headers)).status).toBe(400)
    expect(upstream.calls('tools/call')).toEqual([])
  })

  test('in the modern era the list is asked for in the caller’s own envelope', async () => {
    const modern = modernCall('tools/call', { name: 'search' }, { headers: { 'mcp-param-region': 'eu' } })
    expect((await door.post('ada-reads', modern.message, modern.headers)).status).toBe(200)
    const [listed] = upstream.calls('tools/list')
    expect(listed?.headers).toMatchObject({
      'mcp-method': 'tools/list',
      'mcp-protocol-version': '2026-07-28',
    })
    expect(listed?.headers).not.toHaveProperty('mcp-name')
    expect(listed?.headers).not.toHaveProperty('mcp-param-region')
    expect(listed?.body.params?._meta).toMatchObject({
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    })
  })

  test.each([
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/list"}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erase"},"method":"initialize"}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call","params":{"name":"erase"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erase","name":"search"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erase"},"params":{"name":"search"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","n\\u0061me":"erase"}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","NAME":"erase"}}',
  ])('[GW-11] %s could be read in two ways, so it is 400', async (text) => {
    expect((await door.post('ada-reads', text, session)).status).toBe(400)
    expect(upstream.reached.filter(({ text: reached }) => reached === text)).toEqual([])
  })
})

describe('a token with everything', () => {
  test('calls what it likes, and nobody looks at lists for it', async () => {
    const own = await door.openSession('ada')
    upstream.reached.length = 0
    expect((await door.post('ada', call('erase'), own)).status).toBe(200)
    expect(upstream.calls('tools/list')).toEqual([])
  })
})

test('a connector that offers one scope asks for no other', async () => {
  const own = await openGateway({
    upstream: upstream.upstream,
    scopes: [{ name: 'use', label: 'Use it', explanation: 'Everything.', optional: false }],
    findPrincipal: async () => ({ ...(tokens.ada as NonNullable<typeof tokens.ada>), scope: ['use'] }),
  })
  expect((await own.post('ada', call('erase'))).status).toBe(200)
})

describe('the catalogue for the consent page', () => {
  test('names the tools, and what they do to things', async () => {
    expect(await door.gateway.catalogue()).toEqual([
      { name: 'search', title: 'Search notes', readOnly: true, destructive: false },
      { name: 'erase', title: 'Erase a note', readOnly: false, destructive: true },
      { name: 'append', title: undefined, readOnly: false, destructive: false },
    ])
    await door.gateway.catalogue()
    expect(upstream.calls('tools/list')).toHaveLength(1)
  })

  test('is undefined when the upstream does not answer in time, or not as a server', async () => {
    const hanging = scriptedUpstream(() => new Promise<Response>(() => {}))
    const slow = await openGateway({ upstream: hanging.upstream, limits: { catalogueDeadlineMs: 20 } })
    expect(await slow.gateway.catalogue()).toBeUndefined()
    const broken = await openGateway({ upstream: scriptedUpstream(() => new Response('<html>')).upstream })
    expect(await broken.gateway.catalogue()).toBeUndefined()
  })

  test('asks a server that has no handshake without one', async () => {
    const modern = modernScriptedUpstream((seen) => {
      if (seen.body.method !== 'initialize') return undefined
      const error = {
        code: -32022,
        message: 'Unsupported protocol version',
        data: { supported: ['2026-07-28'] },
      }
      return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 400 })
    })
    const own = await openGateway({ upstream: modern.upstream })
    expect(await own.gateway.catalogue()).toHaveLength(3)
    expect(modern.calls('tools/list')[0]?.headers['mcp-protocol-version']).toBe('2026-07-28')
  })
})
