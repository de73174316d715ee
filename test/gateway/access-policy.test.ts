// What an operator allows and denies: absent from lists, refused on call, whatever headers, spellings and batches say.

import { describe, expect, test } from 'vitest'
import type { PolicyRule, Principal } from '../../src/gateway/gateway.ts'
import {
  modernCall,
  type OpenGateway,
  openGateway,
  type RpcAnswer,
  readAnswer,
  tokens,
} from './open-gateway.ts'
import { result, type ScriptedUpstream, scriptedUpstream, tools } from './scripted-upstream.ts'

interface House {
  door: OpenGateway
  upstream: ScriptedUpstream
  ask(method: string, params?: Record<string, unknown>, token?: string): Promise<RpcAnswer>
  /** Names in a list. */
  listed(method: string, token?: string): Promise<unknown>
}

async function open(policy: readonly PolicyRule[], groups: Record<string, string[]> = {}): Promise<House> {
  const upstream = scriptedUpstream((seen) => {
    const { method } = seen.body
    if (method === 'prompts/list') return result(seen, { prompts: [{ name: 'greet' }, { name: 'fire' }] })
    if (method === 'resources/list')
      return result(seen, { resources: [{ uri: 'file:///open/a' }, { uri: 'file:///secret/b' }] })
    if (method === 'resources/templates/list')
      return result(seen, { resourceTemplates: [{ uriTemplate: 'file:///secret/{name}' }] })
    if (method === 'completion/complete') return result(seen, { completion: { values: [] } })
    return undefined
  })
  const findPrincipal = async (token: string): Promise<Principal | undefined> => {
    const principal = tokens[token]
    return principal && { ...principal, groups: groups[principal.userId] ?? [] }
  }
  const door = await openGateway({ upstream: upstream.upstream, policy, findPrincipal })
  const ask: House['ask'] = async (method, params = {}, token = 'ada') =>
    readAnswer(await door.post(token, { jsonrpc: '2.0', id: 1, method, params }))
  return {
    door,
    upstream,
    ask,
    async listed(method, token) {
      const { result: list } = await ask(method, {}, token)
      const [entries] = Object.values(list ?? {}) as Record<string, unknown>[][]
      return entries?.map(({ name, uri, uriTemplate }) => name ?? uri ?? uriTemplate)
    },
  }
}

const reached = ({ upstream }: House, method: string): unknown[] =>
  upstream.calls(method).map(({ body }) => body.params?.name ?? body.params?.uri)

describe('a tool that is denied', () => {
  test('is in no list, and a call says that there is none', async () => {
    const house = await open([{ deny: { tools: ['erase'] } }])
    expect(await house.listed('tools/list')).toEqual(['search', 'append'])
    expect((await house.ask('tools/call', { name: 'erase' })).error).toEqual({
      code: -32602,
      message: 'Unknown tool: "erase"',
    })
    expect((await house.ask('tools/call', { name: 'append' })).result).toBeDefined()
    expect(reached(house, 'tools/call')).toEqual(['append'])
    const refused = house.door.events.find(({ name }) => name === 'mcp.refused')
    expect(refused).toMatchObject({ tool: 'erase', userId: 'ada', reason: 'Unknown tool: "erase"' })
  })

  test('leaves the rest of the list as it was written', async () => {
    const house = await open([{ deny: { tools: ['e*', 'app*'] } }])
    expect((await house.ask('tools/list')).result).toEqual({ tools: [tools[0]] })
  })

  test('[GW-11] is denied by the body, whatever the headers say', async () => {
    const house = await open([{ deny: { tools: ['erase'] } }])
    const disguised = modernCall('tools/call', { name: 'erase' }, { headers: { 'mcp-name': 'search' } })
    expect((await house.door.post('ada', disguised.message, disguised.headers)).status).toBe(400)
    const honest = modernCall('tools/call', { name: 'erase' })
    expect((await readAnswer(await house.door.post('ada', honest.message, honest.headers))).error?.code).toBe(
      -32602,
    )
    const legacy = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'erase' } }
    const answer = await readAnswer(await house.door.post('ada', legacy, { 'mcp-name': 'search' }))
    expect(answer.error?.code).toBe(-32602)
    expect(reached(house, 'tools/call')).toEqual([])
  })

  test.each([
    [
      'twice named',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erase","name":"search"}}',
    ],
    [
      'in a batch',
      '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"erase"}}]',
    ],
    ['without an id', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"erase"}}'],
  ])('does not slip through %s', async (_, text) => {
    const house = await open([{ deny: { tools: ['erase'] } }])
    expect((await house.door.post('ada', text, { 'mcp-protocol-version': '2025-03-26' })).status).toBe(400)
    expect(reached(house, 'tools/call')).toEqual([])
  })

  test('[GW-9] makes a list private', async () => {
    const upstream = scriptedUpstream((seen) =>
      seen.body.method === 'tools/list'
        ? result(seen, { tools, ttlMs: 1000, cacheScope: 'public' })
        : undefined,
    )
    const door = await openGateway({ upstream: upstream.upstream, policy: [{ deny: { tools: ['erase'] } }] })
    const list = modernCall('tools/list')
    const { result: listed } = await readAnswer(await door.post('ada', list.message, list.headers))
    expect(listed).toMatchObject({ ttlMs: 1000, cacheScope: 'private' })
  })
})

describe('by what the upstream says of its tools', () => {
  test.each<[string, PolicyRule, string[]]>([
    ['only those that read', { allow: { tools: 'read-only' } }, ['search']],
    [
      'none that destroys; what says nothing counts as one',
      { deny: { tools: 'destructive' } },
      ['search', 'append'],
    ],
    ['none that is harmless', { deny: { tools: 'not-destructive' } }, ['erase']],
  ])('%s', async (_, rule, expected) => {
    const house = await open([rule])
    expect(await house.listed('tools/list')).toEqual(expected)
    const answered: string[] = []
    for (const name of ['search', 'erase', 'append', 'not listed']) {
      if ((await house.ask('tools/call', { name })).result !== undefined) answered.push(name)
    }
    expect(answered).toEqual(expected)
    expect(reached(house, 'tools/call')).toEqual(expected)
  })
})

describe('rules for some', () => {
  const rules: PolicyRule[] = [
    { scopes: ['read'], allow: { tools: ['search'] } },
    { groups: ['editors'], allow: { tools: ['append'] } },
    { groups: ['admin'], allow: { tools: ['*'] } },
    { groups: ['interns'], deny: { tools: ['search'] } },
  ]

  test.each<[string[], string[]]>([
    [[], ['search']],
    [['editors'], ['search', 'append']],
    [['admin'], ['search', 'erase', 'append']],
    [
      ['admin', 'interns'],
      ['erase', 'append'],
    ],
  ])('who is in %j may use %j', async (groups, expected) => {
    const house = await open(rules, { ada: groups })
    expect(await house.listed('tools/list')).toEqual(expected)
    for (const { name } of tools) {
      const isAllowed = (await house.ask('tools/call', { name })).result !== undefined
      expect(isAllowed, String(name)).toBe(expected.includes(String(name)))
    }
  })

  test('by scope: only whoever holds it', async () => {
    const house = await open([{ scopes: ['write'], deny: { tools: ['search'] } }])
    expect(await house.listed('tools/list', 'ada')).not.toContain('search')
    expect(await house.listed('tools/list', 'ada-reads')).toContain('search')
  })
})

test('prompts, and their completions', async () => {
  const house = await open([{ allow: { prompts: ['gr*t'] } }])
  expect(await house.listed('prompts/list')).toEqual(['greet'])
  expect((await house.ask('prompts/get', { name: 'greet' })).result).toBeDefined()
  expect((await house.ask('prompts/get', { name: 'fire' })).error?.message).toBe('Unknown prompt: "fire"')
  const complete = (name: string): Promise<RpcAnswer> =>
    house.ask('completion/complete', {
      ref: { type: 'ref/prompt', name },
      argument: { name: 'a', value: '' },
    })
  expect((await complete('greet')).result).toBeDefined()
  expect((await complete('fire')).error?.code).toBe(-32602)
  expect(await house.listed('tools/list')).toHaveLength(3)
})

describe('resources', () => {
  const spellings = [
    'file:///secret/b',
    'file:///open/../secret/b',
    'file:///%73ecret/b',
    'file:///open/%2e%2e/secret/b',
    'FILE:///secret/b',
  ]

  test.each<[string, PolicyRule]>([
    ['denied', { deny: { resources: ['file:///secret/*'] } }],
    ['not allowed', { allow: { resources: ['file:///open/*'] } }],
  ])('that are %s are neither listed nor read, however they are spelled', async (_, rule) => {
    const house = await open([rule])
    expect(await house.listed('resources/list')).toEqual(['file:///open/a'])
    expect(await house.listed('resources/templates/list')).toEqual([])
    for (const uri of spellings) {
      for (const method of ['resources/read', 'resources/subscribe']) {
        expect((await house.ask(method, { uri })).error, `${method} ${uri}`).toMatchObject({ code: -32002 })
      }
    }
    expect((await house.ask('resources/read', { uri: 'file:///open/a' })).result).toBeDefined()
    expect(reached(house, 'resources/read')).toEqual(['file:///open/a'])
  })
})

test('methods, but for those that a session needs to come about', async () => {
  const house = await open([
    { allow: { methods: ['tools/*'] } },
    { deny: { methods: ['*'] }, groups: ['nobody'] },
  ])
  const session = await house.door.openSession('ada')
  expect((await house.door.post('ada', { jsonrpc: '2.0', id: 1, method: 'ping' }, session)).status).toBe(200)
  expect((await house.ask('prompts/get', { name: 'greet' })).error).toEqual({
    code: -32601,
    message: 'Method not found: prompts/get',
  })
  expect((await house.ask('tools/call', { name: 'search' })).result).toBeDefined()
  const modern = modernCall('resources/read', { uri: 'file:///open/a' })
  expect((await house.door.post('ada', modern.message, modern.headers)).status).toBe(404)
})

test('a star is no regular expression, and takes no time', async () => {
  const house = await open([{ deny: { tools: ['a.b', `${'*a'.repeat(50)}*b`] } }])
  expect((await house.ask('tools/call', { name: 'axb' })).result).toBeDefined()
  expect((await house.ask('tools/call', { name: 'a'.repeat(10_000) })).result).toBeDefined()
  expect((await house.ask('tools/call', { name: `${'a'.repeat(100)}b` })).error?.code).toBe(-32602)
})
