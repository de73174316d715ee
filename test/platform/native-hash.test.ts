/** The runtime's own hashes give what the portable ones give, for every key and text. */

import { createHmac } from 'node:crypto'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashToken, keyedHash, sha256 as ours } from '../../src/platform/crypto.ts'
import { native } from '../../src/platform/native-hash.ts'

const text = fc.string({ unit: 'binary', maxLength: 200 })

/** Lone surrogates too, which every encoder replaces. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units))

function framed(parts: readonly string[]): Uint8Array {
  const bytes = parts.map((part) => new TextEncoder().encode(part))
  return Buffer.concat(bytes.flatMap((part) => [Uint8Array.of(0, 0, part.length >>> 8, part.length), part]))
}

test('there is one here', () => {
  expect(native).toBeDefined()
})

test('hashes', () => {
  fc.assert(
    fc.property(fc.oneof(text, anyText), (data) => {
      const expected = sha256(new TextEncoder().encode(data))
      expect(ours(data)).toEqual(expected)
      expect(hashToken(data)).toBe(Buffer.from(expected).toString('base64url'))
    }),
  )
})

test('keyed hashes, by RFC 2104 and by the portable code', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(key, fc.array(fc.oneof(text, anyText), { minLength: 1, maxLength: 5 }), (secret, parts) => {
      const [purpose = '', ...rest] = parts
      const tag = keyedHash(secret, purpose, ...rest)
      expect(tag).toEqual(hmac(sha256, secret, framed(parts)))
      expect(Buffer.from(tag)).toEqual(createHmac('sha256', secret).update(framed(parts)).digest())
      expect(keyedHash(secret, purpose, ...rest)).toEqual(tag)
    }),
  )
})
