/** Fuzz: any JSON is one kind of JSON-RPC message, or none, and asking does no harm (JSON-RPC 2.0). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isNotification,
  isRequest,
  isResponse,
  type JsonRpcMessage,
  jsonRpcFault,
  metaOf,
} from '../../src/mcp/json-rpc.ts'
import { runs } from './runs.ts'

const anything = fc.jsonValue({ maxDepth: 2 })
const message = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, anything),
    id: fc.oneof(fc.constantFrom(0, 1, '', 'a', null, -1.5), anything),
    method: fc.oneof(fc.constantFrom('ping', 'tools/call', ''), anything),
    params: fc.oneof(
      fc.constant({ _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }),
      fc.constant({ _meta: null }),
      anything,
    ),
    result: fc.oneof(fc.constant({}), anything),
    error: fc.oneof(fc.constant({ code: -32600, message: 'x' }), anything),
    extra: anything,
  },
  { requiredKeys: [] },
)

test('exactly one kind, or a sentence why not', () => {
  const seen = { request: 0, notification: 0, response: 0, none: 0 }
  fc.assert(
    fc.property(fc.oneof({ weight: 5, arbitrary: message }, anything), (value) => {
      const fault = jsonRpcFault(value)
      if (fault !== undefined) {
        expect(fault.length).toBeGreaterThan(10)
        seen.none += 1
        return
      }
      const valid = value as unknown as JsonRpcMessage
      const kinds = [isRequest(valid), isNotification(valid), isResponse(valid)]
      expect(kinds.filter(Boolean)).toHaveLength(1)
      if (isRequest(valid)) {
        seen.request += 1
        expect(['string', 'number']).toContain(typeof valid.id)
        expect(valid.method).not.toBe('')
      } else if (isNotification(valid)) {
        seen.notification += 1
        expect(valid).not.toHaveProperty('id', null)
      } else {
        seen.response += 1
        expect(valid).not.toHaveProperty('method')
      }
      expect(() => metaOf(valid, 'io.modelcontextprotocol/protocolVersion')).not.toThrow()
    }),
    runs(4000),
  )
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
})
