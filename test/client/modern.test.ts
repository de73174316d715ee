// The modern era as a client: which era is spoken after which answer to the probe, mirrored parameters, input in rounds.

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { claudeCode } from '../../src/client/surfaces/index.ts'
import {
  formatMirroredValue,
  mirroredHeaders,
  readMirroredParameters,
} from '../../src/mcp/parameter-headers.ts'
import { household } from './connection.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

interface Message {
  id?: string | number
  method: string
  params?: Record<string, unknown>
}

/** A server whose answers are the test's; what it is sent is written down. */
async function start(
  answer: (message: Message, request: Request) => Response | undefined,
): Promise<{ url: string; sent: { message: Message; headers: Headers }[] }> {
  const sent: { message: Message; headers: Headers }[] = []
  const http = serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request: Request) => {
      if (request.method !== 'POST') return new Response(null, { status: 405 })
      const message = (await request.json()) as Message
      sent.push({ message, headers: request.headers })
      return answer(message, request) ?? usual(message)
    },
  }) as Server
  await new Promise((resolve) => http.once('listening', resolve))
  closing.push(() => {
    http.closeAllConnections()
    http.close()
  })
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`, sent }
}

function usual({ id, method }: Message): Response {
  if (id === undefined) return new Response(null, { status: 202 })
  const results: Record<string, unknown> = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      serverInfo: { name: 'old', version: '1' },
    },
    'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
    'tools/list': { tools: [] },
  }
  return Response.json({ jsonrpc: '2.0', id, result: results[method] ?? {} })
}

const error = (status: number, code: number, data?: unknown, id: unknown = null): Response =>
  Response.json({ jsonrpc: '2.0', id, error: { code, message: 'no', data } }, { status })

describe('[HTTP-2026-07-28-45] the answer to the probe decides', () => {
  test.each([
    [
      '400 that names only versions of the handshake',
      () => error(400, -32022, { supported: ['2025-11-25'] }),
    ],
    ['400 -32020', () => error(400, -32020)],
    ['400 -32602', () => error(400, -32602)],
    ['400 -32000', () => error(400, -32000)],
    ['400 without a body', () => new Response(null, { status: 400 })],
    ['404', () => new Response(null, { status: 404 })],
    ['405', () => new Response(null, { status: 405 })],
    ['415', () => new Response(null, { status: 415 })],
    ['429', () => new Response(null, { status: 429 })],
    ['200 -32601 with our id', () => error(200, -32601, undefined, 'server-discover-probe-1')],
    [
      '200 that lists only versions of the handshake',
      () =>
        Response.json({
          jsonrpc: '2.0',
          id: 'server-discover-probe-1',
          result: { supportedVersions: ['2025-11-25'] },
        }),
    ],
  ])('%s: spoken to as in 2025', async (_, answer) => {
    const { url, sent } = await start(({ method }) => (method === 'server/discover' ? answer() : undefined))
    const connection = await household({ url }, claudeCode).connect()
    expect(connection.session).toMatchObject({ era: 'legacy', protocolVersion: '2025-11-25' })
    expect(sent.map(({ message }) => message.method)).toEqual([
      'server/discover',
      'initialize',
      'notifications/initialized',
    ])
  })

  test.each([
    ['500', () => new Response(null, { status: 500 })],
    ['503 with a JSON-RPC error', () => error(503, -32000)],
    ['200 with an error of no id', () => error(200, -32601)],
    ['200 without a body', () => new Response(null, { status: 200 })],
    ['a page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['204', () => new Response(null, { status: 204 })],
    ['a version that nobody knows', () => error(400, -32022, { supported: ['2031-01-01'] })],
  ])('%s: given up, and not spoken to as in 2025', async (_, answer) => {
    const { url, sent } = await start(({ method }) => (method === 'server/discover' ? answer() : undefined))
    const connection = await household({ url }, claudeCode).connect()
    expect(connection.failure).toMatchObject({ reason: 'protocol' })
    expect(sent.map(({ message }) => message.method)).toEqual(['server/discover'])
  })

  test('a refusal of the very version that it supports: asked once more, then given up', async () => {
    const { url, sent } = await start(() => error(400, -32022, { supported: ['2026-07-28'] }))
    const connection = await household({ url }, claudeCode).connect()
    expect(connection.failure?.says).toContain('refuses the very version')
    expect(sent).toHaveLength(2)
  })
})

describe('[HTTP-2026-07-28-18] parameters in headers', () => {
  const properties = {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    deep: { type: 'object', properties: { dry: { type: 'boolean', 'x-mcp-header': 'Dry-Run' } } },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    plain: { type: 'string' },
  }

  test('are sent with the call of a tool that asks for them', async () => {
    const { url, sent } = await start(({ method, id }) =>
      method === 'tools/list'
        ? Response.json({
            jsonrpc: '2.0',
            id,
            result: { tools: [{ name: 'deploy', inputSchema: { type: 'object', properties } }] },
          })
        : undefined,
    )
    const given = { region: 'Zürich', deep: { dry: true }, count: 42, plain: 'not this' }
    const connection = await household({ url }, claudeCode).connect({
      calls: [{ name: 'deploy', arguments: given }],
    })
    expect(connection.failure).toBeUndefined()
    const call = sent.find(({ message }) => message.method === 'tools/call')
    const mirrored = [...(call?.headers ?? [])].filter(([name]) => name.startsWith('mcp-param-'))
    expect(Object.fromEntries(mirrored)).toEqual({
      'mcp-param-count': '42',
      'mcp-param-dry-run': 'true',
      'mcp-param-region': `=?base64?${Buffer.from('Zürich').toString('base64')}?=`,
    })
  })

  test.each([null, undefined, {}, [], 1.5, 2 ** 60])('[HTTP-2026-07-28-18] %j has no header', (value) => {
    const read = readMirroredParameters({ properties })
    expect('parameters' in read && mirroredHeaders(read.parameters, { region: value })).toEqual({})
  })

  test('every value arrives as it was, and no value breaks a header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const written = formatMirroredValue(text)
        expect(new Headers({ 'mcp-param-x': written }).get('mcp-param-x')).toBe(written)
        const coded = /^=\?base64\?(.*)\?=$/.exec(written)
        expect(coded === null ? written : Buffer.from(coded[1] ?? '', 'base64').toString()).toBe(
          Buffer.from(text).toString(),
        )
      }),
    )
    expect(formatMirroredValue('=?base64?YQ==?=')).not.toBe('=?base64?YQ==?=')
  })

  test.each([
    ['an empty name', { a: { type: 'string', 'x-mcp-header': '' } }],
    ['no header name', { a: { type: 'string', 'x-mcp-header': 'A B' } }],
    ['a line break', { a: { type: 'string', 'x-mcp-header': 'A\r\nX: y' } }],
    ['a number', { a: { type: 'number', 'x-mcp-header': 'A' } }],
    ['an object', { a: { type: 'object', 'x-mcp-header': 'A' } }],
    ['twice', { a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } }],
    ['in a list', { a: { type: 'array', items: { type: 'string', 'x-mcp-header': 'A' } } }],
    ['under a condition', { a: { anyOf: [{ properties: { b: { type: 'string', 'x-mcp-header': 'A' } } }] } }],
  ])('[HTTP-2026-07-28-19] %s: the tool is dropped, that tool alone, and it is said', async (_, wrong) => {
    const tools = [
      { name: 'wrong', inputSchema: { type: 'object', properties: wrong } },
      { name: 'right', inputSchema: { type: 'object', properties } },
    ]
    const { url } = await start(({ method, id }) =>
      method === 'tools/list' ? Response.json({ jsonrpc: '2.0', id, result: { tools } }) : undefined,
    )
    const connection = await household({ url }, claudeCode).connect()
    expect(connection.tools.map(({ name }) => name)).toEqual(['right'])
    expect(connection.transcript.steps.at(-1)?.problems[0]?.says).toContain('the tool wrong is dropped')
  })

  test('a schema without end is a fault, not an end of ours', () => {
    const schema: Record<string, unknown> = { type: 'object' }
    schema.properties = { self: schema }
    expect(readMirroredParameters(schema)).toHaveProperty('fault')
  })
})

describe('[HTTP-2026-07-28-39] input in rounds', () => {
  test('is answered by what was declared, with the state byte for byte and a new id', async () => {
    const requestState = 'state "with" ümlaut\n'
    const { url, sent } = await start(({ method, id, params }) => {
      if (method !== 'tools/call') return undefined
      const inputRequests = {
        ask: { method: 'elicitation/create', params: {} },
        where: { method: 'roots/list' },
      }
      const result =
        params?.inputResponses === undefined
          ? { resultType: 'input_required', inputRequests, requestState }
          : { resultType: 'complete', content: [] }
      return Response.json({ jsonrpc: '2.0', id, result })
    })
    const connection = await household({ url }, claudeCode).connect({
      calls: [{ name: 'x', arguments: { a: 1 } }],
    })
    expect(connection.failure).toBeUndefined()
    const [first, second] = sent.filter(({ message }) => message.method === 'tools/call')
    expect(second?.message.params).toMatchObject({
      name: 'x',
      arguments: { a: 1 },
      requestState,
      inputResponses: { ask: { action: 'cancel' }, where: { roots: [] } },
    })
    expect(second?.message.id).not.toBe(first?.message.id)
  })

  test('without end, or for what was never declared, is the server’s fault', async () => {
    const asks = async (method: string): Promise<string | undefined> => {
      const { url } = await start((message) =>
        message.method === 'tools/call'
          ? Response.json({
              jsonrpc: '2.0',
              id: message.id,
              result: { resultType: 'input_required', inputRequests: { a: { method } } },
            })
          : undefined,
      )
      const connection = await household({ url }, claudeCode).connect({
        calls: [{ name: 'x', arguments: {} }],
      })
      return connection.failure?.says
    }
    expect(await asks('roots/list')).toContain('still asks for input after 3 rounds')
    expect(await asks('sampling/createMessage')).toContain('never declared')
  })
})
