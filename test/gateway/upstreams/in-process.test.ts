// A function in this process as an upstream, with the official transports of both generations behind it.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { inProcessUpstream } from '../../../src/gateway/upstreams/in-process.ts'
import { openGateway, origin, readAnswer } from '../open-gateway.ts'
import { kitHandler } from './http-kit.ts'
import { describeUpstream } from './upstream-kit.ts'

describeUpstream('a function', async () => ({
  upstream: inProcessUpstream({ handler: kitHandler() }),
  close: async () => {},
}))

test.each(['auto', 'legacy'] as const)(
  'an official client of 2026 in %s mode speaks through the door',
  async (mode) => {
    const handler = createMcpHandler(() => {
      const server = new McpServer({ name: 'both eras', version: '1' })
      server.registerTool('echo', {}, async () => ({ content: [{ type: 'text', text: 'hello' }] }))
      return server
    })
    const door = await openGateway({
      upstream: inProcessUpstream({ handler: (request) => handler.fetch(request) }),
    })
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
    const transport = new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), {
      requestInit: { headers: { authorization: 'Bearer ada' } },
      fetch: (url, init) => door.gateway.fetch(new Request(url, init)),
    })
    await client.connect(transport)
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo'])
    expect((await client.callTool({ name: 'echo' })).content).toEqual([{ type: 'text', text: 'hello' }])
    await client.close()
    const versions = door.events.filter(({ name }) => name === 'session.opened').length
    expect(versions).toBe(mode === 'auto' ? 0 : 1)
  },
)

test('a function that throws is an upstream that failed, and its words stay here', async () => {
  const handler = async (): Promise<Response> => {
    throw new Error('password=hunter2')
  }
  const door = await openGateway({ upstream: inProcessUpstream({ handler }) })
  const response = await door.post('ada', { jsonrpc: '2.0', id: 3, method: 'tools/list' })
  expect(response.status).toBe(200)
  const answer = await readAnswer(response)
  expect(answer).toMatchObject({ id: 3, error: { code: -32000 } })
  expect(JSON.stringify(answer)).not.toContain('hunter2')
})
