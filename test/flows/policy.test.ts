// What the operator allows and denies, through the whole door: by role and group of whoever signed in, asked at every call.

import { expect, test } from 'vitest'
import type { PolicyRule } from '../../src/index.ts'
import { callMcp, connect, type Door, notesUpstream, openDoor } from '../door.ts'

async function toolsOf(door: Door, accessToken: string): Promise<unknown> {
  const response = await callMcp(door, accessToken, { id: 1, method: 'tools/list' })
  const { result } = (await response.json()) as { result: { tools: { name: string }[] } }
  return result.tools.map(({ name }) => name)
}

async function erase(door: Door, accessToken: string): Promise<number | undefined> {
  const response = await callMcp(door, accessToken, {
    id: 2,
    method: 'tools/call',
    params: { name: 'erase', arguments: {} },
  })
  return ((await response.json()) as { error?: { code: number } }).error?.code
}

test.each<[string, PolicyRule, unknown]>([
  ['a rule for the role of Ada', { groups: ['admin'], deny: { tools: 'destructive' } }, ['search']],
  ['a rule for another role', { groups: ['member'], deny: { tools: 'destructive' } }, ['search', 'erase']],
  ['a rule for everybody', { deny: { tools: ['erase'] } }, ['search']],
])('%s', async (_, rule, expected) => {
  const door = await openDoor({ connector: { name: 'Notes', upstream: notesUpstream(), policy: [rule] } })
  const { accessToken } = await connect(door)
  expect(await toolsOf(door, accessToken)).toEqual(expected)
  const mayErase = (expected as string[]).includes('erase')
  expect(await erase(door, accessToken)).toBe(mayErase ? undefined : -32602)
})

test('a group that a person leaves counts no longer at the next call', async () => {
  const groups = new Set(['editors'])
  const door = await openDoor({
    connector: {
      name: 'Notes',
      upstream: notesUpstream(),
      groups: ({ username }) => (username === 'ada' ? [...groups] : []),
      policy: [{ allow: { tools: 'read-only' } }, { groups: ['editors'], allow: { tools: ['*'] } }],
    },
  })
  const { accessToken } = await connect(door)
  expect(await erase(door, accessToken)).toBeUndefined()
  groups.clear()
  expect(await erase(door, accessToken)).toBe(-32602)
  expect(await toolsOf(door, accessToken)).toEqual(['search'])
})

test('[MUX-12] [HTTP-2024-11-05-03] HTTP+SSE has an address behind every connector, tenants included, with the sign-in of the connector', async () => {
  const door = await openDoor({
    connectors: [
      { name: 'Notes', upstream: notesUpstream() },
      {
        name: 'Team',
        path: '/t/{tenant}/mcp',
        tenant: (tenant) => (tenant === 'blue' ? { upstream: notesUpstream() } : undefined),
      },
    ],
    defaultConnector: 'Notes',
  })
  const headers = { accept: 'text/event-stream' }
  for (const path of ['/mcp', '/t/blue/mcp']) {
    const refused = await door.fetch(`${path}/sse`, { headers })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain(`/.well-known/oauth-protected-resource${path}"`)
    const { accessToken } = await connect({ ...door, mcpUrl: `${door.origin}${path}` })
    const authorization = `Bearer ${accessToken}`
    const response = await door.fetch(`${path}/sse`, { headers: { ...headers, authorization } })
    expect(response.status).toBe(200)
    const reader = response.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    expect(new TextDecoder().decode(value)).toMatch(
      new RegExp(`^event: endpoint\\ndata: ${path}/sse\\?stream=[\\w-]+\\n\\n$`),
    )
    await reader?.cancel()
  }
  expect((await door.fetch('/t/red/mcp/sse', { headers })).status).toBe(404)
})
