// The headers of Streamable HTTP, as both ends read and write them.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newestModernVersion, protocolVersionMeta } from '../../src/mcp/protocol-version.ts'
import {
  acceptsEventStream,
  decodeMirroredValue,
  encodeMirroredValue,
  eraOf,
  isFormType,
  modernRequestFault,
  negotiableVersion,
  readVersionHeader,
  setMirroredHeaders,
} from '../../src/mcp/streamable-http.ts'

describe('mirrored values', () => {
  test('[HTTP-2026-07-28-18] [HTTP-2026-07-28-20] come back as they were, whatever they hold, and survive as a header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const encoded = encodeMirroredValue(value)
        expect(new Headers({ x: encoded }).get('x')).toBe(encoded)
        expect(encoded).toMatch(/^[\x20-\x7e]*$/)
        expect(decodeMirroredValue(encoded)).toBe(value)
      }),
    )
  })

  test.each([
    ['search', 'search'],
    ['a b', 'a b'],
    [' a', '=?base64?IGE=?='],
    ['', '=?base64??='],
    ['ü', '=?base64?w7w=?='],
    ['a\nb', '=?base64?YQpi?='],
    ['=?base64?YQ==?=', '=?base64?PT9iYXNlNjQ/WVE9PT89?='],
  ])('[HTTP-2026-07-28-18] %j is written %j', (value, expected) => {
    expect(encodeMirroredValue(value)).toBe(expected)
  })

  test('[HTTP-2026-07-28-20] Base64 of something else is no value', () => {
    expect(decodeMirroredValue('=?base64?!?=')).toBeUndefined()
    expect(decodeMirroredValue('=?base64?/w==?=')).toBeUndefined()
  })

  test('[HTTP-2026-07-28-14] [HTTP-2026-07-28-15] are written for the methods that have a name', () => {
    const written = (method: string, params: Record<string, unknown>): Record<string, string> => {
      const headers = new Headers({ 'mcp-method': 'old', 'mcp-name': 'old' })
      setMirroredHeaders(headers, { jsonrpc: '2.0', id: 1, method, params })
      return Object.fromEntries(headers)
    }
    expect(written('tools/call', { name: 'x' })).toEqual({ 'mcp-method': 'tools/call', 'mcp-name': 'x' })
    expect(written('prompts/get', { name: 'x' })).toEqual({ 'mcp-method': 'prompts/get', 'mcp-name': 'x' })
    expect(written('resources/read', { uri: 'x' })).toEqual({
      'mcp-method': 'resources/read',
      'mcp-name': 'x',
    })
    expect(written('tools/list', { name: 'x' })).toEqual({ 'mcp-method': 'tools/list' })
    const headers = new Headers({ 'mcp-name': 'old' })
    setMirroredHeaders(headers, { jsonrpc: '2.0', method: 'notifications/x' })
    expect(Object.fromEntries(headers)).toEqual({})
  })
})

test.each([
  [null, { kind: 'absent' }],
  ['', { kind: 'absent' }],
  ['2025-11-25', { kind: 'named', version: '2025-11-25' }],
  ['2025-11-25, 2025-11-25', { kind: 'named', version: '2025-11-25' }],
  ['2025-11-25,2025-06-18', { kind: 'conflicting', value: '2025-11-25,2025-06-18' }],
  ['banana', { kind: 'named', version: 'banana' }],
])('[TOL-8] the version header %j is read as %j', (value, expected) => {
  expect(readVersionHeader(value)).toEqual(expected)
})

test.each([
  ['2024-11-05', '2024-11-05'],
  ['2024-10-07', '2024-10-07'],
  ['2026-07-28', '2025-11-25'],
  [undefined, '2025-11-25'],
])('[MUX-10] asked for %s, %s is negotiable', (asked, expected) => {
  expect(negotiableVersion(asked)).toBe(expected)
})

test('[MUX-09] the era is in the body', () => {
  const claim = { _meta: { [protocolVersionMeta]: newestModernVersion } }
  expect(eraOf({ jsonrpc: '2.0', id: 1, method: 'ping', params: claim })).toBe('modern')
  expect(eraOf({ jsonrpc: '2.0', method: 'notifications/x', params: claim })).toBe('modern')
  expect(eraOf({ jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: {} } })).toBe('legacy')
  expect(eraOf({ jsonrpc: '2.0', id: 1, result: claim })).toBe('legacy')
})

test('[MUX-09] mirrored headers are judged only for a version that defines them', () => {
  const meta = {
    [protocolVersionMeta]: '2027-01-01',
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const request = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } } as const
  expect(modernRequestFault(request, new Headers({ 'mcp-protocol-version': '2027-01-01' }))).toBeUndefined()
})

test.each([
  ['application/json, text/event-stream', true],
  ['text/event-stream;q=0.9', true],
  ['TEXT/EVENT-STREAM', true],
  ['*/*', false],
  ['text/*', false],
  ['text/event-streamed', false],
  [null, false],
])('[TOL-9] Accept %j names a stream: %s', (accept, expected) => {
  expect(acceptsEventStream(accept)).toBe(expected)
})

test.each([
  ['text/plain', true],
  ['Text/Plain; charset=utf-8', true],
  ['application/x-www-form-urlencoded', true],
  ['multipart/form-data; boundary=x', true],
  ['application/json', false],
  ['text/plainer', false],
  [null, false],
])('[MUX-06] a form can send %j: %s', (type, expected) => {
  expect(isFormType(type)).toBe(expected)
})
