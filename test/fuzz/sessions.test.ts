/** Fuzz: session ids, version and mirrored headers of any text; schemas of any shape (MCP 2025-03-26 to 2026-07-28). */

import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { mirroredHeaders, readMirroredParameters } from '../../src/mcp/parameter-headers.ts'
import { openSession, sealSession } from '../../src/mcp/sealed-session.ts'
import {
  acceptsEventStream,
  decodeMirroredValue,
  encodeMirroredValue,
  isFormType,
  negotiableVersion,
  readVersionHeader,
} from '../../src/mcp/streamable-http.ts'
import { importSealingKey } from '../../src/platform/crypto.ts'
import { anyText } from './arbitrary.ts'
import { runs } from './runs.ts'

let key: CryptoKey
beforeAll(async () => {
  key = await importSealingKey(new Uint8Array(32).fill(9))
})

const text = anyText(30)

test('an id that we did not seal opens nothing, nor one of which a character was changed', async () => {
  const session = {
    protocolVersion: '2025-11-25',
    userId: 'u',
    clientId: 'c',
    upstreamSessionId: undefined,
    clientCapabilities: {},
    clientInfo: undefined,
    issuedAt: 1_800_000_000,
    expiresAt: 1_800_086_400,
  }
  const sealed = await sealSession(key, '/mcp', session)
  expect(await openSession(key, '/mcp', sealed)).toMatchObject({ userId: 'u', clientId: 'c' })
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.nat(63), text, async (at, other, stranger) => {
      expect(await openSession(key, '/mcp', stranger)).toBeUndefined()
      const begun = sealed.slice(0, at) + stranger
      if (begun !== sealed) expect(await openSession(key, '/mcp', begun)).toBeUndefined()
      const character = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[other] ?? ''
      fc.pre(sealed[at] !== character)
      const changed = sealed.slice(0, at) + character + sealed.slice(at + 1)
      expect(await openSession(key, '/mcp', changed)).toBeUndefined()
    }),
    runs(500),
  )
})

test('headers of any text are read', () => {
  fc.assert(
    fc.property(text, (value) => {
      const header = readVersionHeader(value)
      if (header.kind === 'named') expect(value).toContain(header.version)
      expect(typeof acceptsEventStream(value)).toBe('boolean')
      expect(typeof isFormType(value)).toBe('boolean')
      expect(typeof negotiableVersion(value)).toBe('string')
      expect(['string', 'undefined']).toContain(typeof decodeMirroredValue(value))
    }),
    runs(2000),
  )
})

test('[HTTP-2026-07-28-18] a mirrored value comes back as it was, and never breaks its header', () => {
  fc.assert(
    fc.property(text, (value) => {
      const header = encodeMirroredValue(value)
      expect(() => new Headers({ 'mcp-name': header })).not.toThrow()
      expect(new Headers({ 'mcp-name': header }).get('mcp-name')).toBe(header)
      expect(decodeMirroredValue(header)).toBe(value.isWellFormed() ? value : value.toWellFormed())
    }),
    runs(2000),
  )
})

test('[HTTP-2026-07-28-19] a schema of any shape has parameters or a fault, and its arguments headers that can be sent', () => {
  const names = [
    'type',
    'properties',
    'x-mcp-header',
    'items',
    'oneOf',
    '$ref',
    'a',
    'b',
    '__proto__',
    'constructor',
  ]
  const schema = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(
        fc.constantFrom(...names),
        fc.oneof(tie('node'), fc.constantFrom('string', 'integer', 'object', 'Region')),
        { maxKeys: 5 },
      ),
    ),
  })).node
  fc.assert(
    fc.property(schema, fc.jsonValue({ maxDepth: 3 }), (inputSchema, callArguments) => {
      const read = readMirroredParameters(inputSchema)
      if ('fault' in read) return
      expect(() => new Headers(mirroredHeaders(read.parameters, callArguments))).not.toThrow()
    }),
    runs(1500),
  )
})
