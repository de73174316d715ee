/** JSON-RPC messages told apart, and what is none (JSON-RPC 2.0, MCP base protocol). */

import { describe, expect, test } from 'vitest'
import {
  formatRpcError,
  isNotification,
  isRequest,
  isResponse,
  type JsonRpcMessage,
  jsonRpcCodes,
  jsonRpcFault,
  metaOf,
} from '../../src/mcp/json-rpc.ts'

const v2 = { jsonrpc: '2.0' } as const

function kindOf(value: unknown): string {
  if (jsonRpcFault(value) !== undefined) return 'none'
  const message = value as JsonRpcMessage
  const kinds = [
    isRequest(message) ? 'request' : undefined,
    isNotification(message) ? 'notification' : undefined,
    isResponse(message) ? 'response' : undefined,
  ]
  return kinds.filter(Boolean).join(' and ')
}

describe('every message is of one kind', () => {
  test.each<[string, unknown, string]>([
    ['a request', { ...v2, id: 1, method: 'tools/list' }, 'request'],
    ['an id of zero', { ...v2, id: 0, method: 'ping' }, 'request'],
    ['an empty id', { ...v2, id: '', method: 'ping' }, 'request'],
    ['with parameters', { ...v2, id: 'a', method: 'ping', params: { _meta: {} } }, 'request'],
    ['with unknown members', { ...v2, id: 'a', method: 'ping', foo: null }, 'request'],
    ['a notification', { ...v2, method: 'notifications/initialized' }, 'notification'],
    ['a result', { ...v2, id: 1, result: {} }, 'response'],
    ['an error', { ...v2, id: 1, error: { code: -32601, message: 'x' } }, 'response'],
    [
      'an error for what could not be read',
      { ...v2, id: null, error: { code: -32700, message: 'x' } },
      'response',
    ],
    ['an error without an id', { ...v2, error: { code: -32700, message: 'x' } }, 'response'],
  ])('%s', (_, value, kind) => {
    expect(kindOf(value)).toBe(kind)
  })
})

describe('no message', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['a text', 'x'],
    ['a number', 1],
    ['nothing', undefined],
    ['[HTTP-2025-06-18-06] a list', [{ ...v2, id: 1, method: 'ping' }]],
    ['an empty object', {}],
    ['no version', { id: 1, method: 'ping' }],
    ['another version', { jsonrpc: '1.0', id: 1, method: 'ping' }],
    ['the version as a number', { jsonrpc: 2, id: 1, method: 'ping' }],
    ['an id that is an object', { ...v2, id: {}, method: 'ping' }],
    ['an id that is a list', { ...v2, id: [1], method: 'ping' }],
    ['an id that is true', { ...v2, id: true, method: 'ping' }],
    ['a request with the id null, which nobody could answer', { ...v2, id: null, method: 'ping' }],
    ['a method that is no text', { ...v2, id: 1, method: 7 }],
    ['a method of null', { ...v2, id: 1, method: null }],
    ['an empty method', { ...v2, id: 1, method: '' }],
    ['parameters in a list', { ...v2, id: 1, method: 'ping', params: [1] }],
    ['parameters as text', { ...v2, id: 1, method: 'ping', params: 'x' }],
    ['parameters of null', { ...v2, id: 1, method: 'ping', params: null }],
    ['neither method nor answer', { ...v2, id: 1 }],
    ['both answers', { ...v2, id: 1, result: {}, error: { code: 1, message: 'x' } }],
    ['a result for nobody', { ...v2, result: {} }],
    ['a result for the id null', { ...v2, id: null, result: {} }],
  ])('%s', (_, value) => {
    expect(jsonRpcFault(value)).toEqual(expect.any(String))
  })
})

describe('_meta', () => {
  const message = (params: unknown): JsonRpcMessage =>
    ({ ...v2, id: 1, method: 'x', params }) as JsonRpcMessage

  test('a member that is there, also when it is null or false', () => {
    expect(metaOf(message({ _meta: { a: 1, b: null, c: false } }), 'a')).toBe(1)
    expect(metaOf(message({ _meta: { a: 1, b: null, c: false } }), 'b')).toBeNull()
    expect(metaOf(message({ _meta: { a: 1, b: null, c: false } }), 'c')).toBe(false)
  })

  test.each([
    undefined,
    null,
    'x',
    1,
    [],
    {},
    { _meta: null },
    { _meta: 'x' },
    { _meta: 7 },
    { _meta: {} },
    { a: 1 },
  ])('nothing in %j', (params) => {
    expect(metaOf(message(params), 'a')).toBeUndefined()
  })

  test('a response has none', () => {
    expect(metaOf({ ...v2, id: 1, result: { _meta: { a: 1 } } }, 'a')).toBeUndefined()
  })
})

test('an error answer is a message, with data only where there is any', () => {
  const bare = formatRpcError(1, jsonRpcCodes.methodNotFound, 'no such method')
  expect(bare).toEqual({ ...v2, id: 1, error: { code: -32601, message: 'no such method' } })
  expect(bare.error).not.toHaveProperty('data')
  expect(formatRpcError(null, jsonRpcCodes.parseError, 'x', null).error).toEqual({
    code: -32700,
    message: 'x',
    data: null,
  })
  for (const id of [1, 'a', null]) expect(kindOf(formatRpcError(id, -32000, 'x', { a: 1 }))).toBe('response')
})
