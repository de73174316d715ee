/** Randomness, hashes and sealed boxes, against published vectors and against tampering. */

import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeBase64Url,
  encodeBase64Url,
  equalInConstantTime,
  hashToken,
  importSealingKey,
  keyedHash,
  openBox,
  randomId,
  randomToken,
  sealBox,
  sha256,
  systemRandom,
} from '../../src/platform/crypto.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

describe('hashes', () => {
  test('SHA-256 of "abc" (FIPS 180-4)', () => {
    expect(Buffer.from(sha256('abc')).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  test('text and bytes agree with the engine of Node', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const expected = createHash('sha256').update(value, 'utf8').digest('base64url')
        expect(hashToken(value)).toBe(expected)
        expect(encodeBase64Url(sha256(bytes(value)))).toBe(expected)
      }),
      { numRuns: 100 },
    )
  })

  test('a keyed hash is HMAC over each part with its length', () => {
    const key = new Uint8Array(32).fill(7)
    const parts = ['purpose', 'a', '', 'caf\u00e9']
    const mac = createHmac('sha256', key)
    for (const part of parts) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(Buffer.byteLength(part))
      mac.update(length).update(part, 'utf8')
    }
    const [purpose = '', ...others] = parts
    expect(Buffer.from(keyedHash(key, purpose, ...others))).toEqual(mac.digest())
  })

  test('parts cut elsewhere give another tag', () => {
    const key = systemRandom(32)
    const tag = (...parts: [string, ...string[]]): string => encodeBase64Url(keyedHash(key, ...parts))
    fc.assert(
      fc.property(
        fc.array(fc.string(), { minLength: 1 }),
        fc.array(fc.string(), { minLength: 1 }),
        (one, other) => {
          const [left = '', ...leftParts] = one
          const [right = '', ...rightParts] = other
          const isSame = JSON.stringify(one) === JSON.stringify(other)
          expect(tag(left, ...leftParts) === tag(right, ...rightParts)).toBe(isSame)
        },
      ),
      { numRuns: 200 },
    )
    expect(tag('p', 'ab', 'c')).not.toBe(tag('p', 'a', 'bc'))
    expect(tag('p', 'ab')).not.toBe(tag('p', 'ab', ''))
    expect(tag('p', 'ab')).not.toBe(tag('pab'))
    expect(encodeBase64Url(keyedHash(systemRandom(32), 'p'))).not.toBe(tag('p'))
  })

  test('equal is what is equal', () => {
    expect(equalInConstantTime('a', 'a')).toBe(true)
    expect(equalInConstantTime('', '')).toBe(true)
    for (const other of ['', 'b', 'aa', 'A', 'a\0']) expect(equalInConstantTime('a', other)).toBe(false)
  })
})

describe('[OA21-22] randomness', () => {
  test('a token is 256 bits, an id 80, and none comes twice', () => {
    const tokens = new Set(Array.from({ length: 500 }, () => randomToken()))
    expect(tokens.size).toBe(500)
    for (const token of tokens) expect(decodeBase64Url(token)).toHaveLength(32)
    expect(decodeBase64Url(randomId())).toHaveLength(10)
  })
})

describe('base64url', () => {
  test('there and back, as Node writes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (value) => {
        const encoded = encodeBase64Url(value)
        expect(encoded).toBe(Buffer.from(value).toString('base64url'))
        expect(decodeBase64Url(encoded)).toEqual(value)
      }),
      { numRuns: 200 },
    )
  })

  test.each(['a', 'YQ==', 'a+b/', 'ab c', 'ab\n', 'caf\u00e9', 'aaaaa'])('not base64url: %j', (value) => {
    expect(decodeBase64Url(value)).toBeUndefined()
  })
})

describe('a sealed box', () => {
  const keyBytes = new Uint8Array(32).fill(9)

  test('opens with its key and context, and is never the same twice', async () => {
    const key = await importSealingKey(keyBytes)
    const [first, second] = await Promise.all([
      sealBox(key, bytes('plain'), 'c'),
      sealBox(key, bytes('plain'), 'c'),
    ])
    expect(first).not.toEqual(second)
    expect(text((await openBox(key, first, 'c')) ?? new Uint8Array())).toBe('plain')
    expect(Buffer.from(first).includes('plain')).toBe(false)
  })

  test('does not open with another key or context, cut, or with any bit changed', async () => {
    const key = await importSealingKey(keyBytes)
    const other = await importSealingKey(new Uint8Array(32).fill(8))
    const box = await sealBox(key, bytes('p'), 'context')
    expect(await openBox(other, box, 'context')).toBeUndefined()
    expect(await openBox(key, box, 'Context')).toBeUndefined()
    expect(await openBox(key, box, '')).toBeUndefined()
    for (let length = 0; length < box.length; length++)
      expect(await openBox(key, box.subarray(0, length), 'context')).toBeUndefined()
    for (let index = 0; index < box.length; index++) {
      const changed = Uint8Array.from(box)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(await openBox(key, changed, 'context')).toBeUndefined()
    }
  })

  test('an empty one opens too', async () => {
    const key = await importSealingKey(keyBytes)
    expect(await openBox(key, await sealBox(key, new Uint8Array(), ''), '')).toEqual(new Uint8Array())
  })
})

test('an id that a person may have to type never begins like an option', () => {
  for (let first = 0; first < 256; first++) {
    const id = randomId((length) => new Uint8Array(length).fill(first))
    expect(id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{13}$/)
  }
})
