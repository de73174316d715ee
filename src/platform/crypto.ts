/** Randomness, hashes, keyed hashes and authenticated encryption, from the runtime's Web Crypto and @noble/hashes. */

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { native } from './native-hash.ts'

/** The SHA-256 of a bearer secret, base64url: the only form in which one is stored. */
export type TokenHash = string & { readonly __brand: 'TokenHash' }

/** A source of random bytes; an argument, so that a test can make it repeat. */
export type Random = (byteLength: number) => Uint8Array

export const systemRandom: Random = (byteLength) => crypto.getRandomValues(new Uint8Array(byteLength))

/** 256 bits, base64url: beyond the 160 bits that OAuth 2.1 §7.3 asks of anything a caller must not guess. */
export function randomToken(random: Random = systemRandom): string {
  return encodeBase64Url(random(32))
}

/** A short id for people to quote and logs to search; names a thing, guards nothing. 80 bits. */
export function randomId(random: Random = systemRandom): string {
  return formatId(random(10))
}

/** Never begins with a dash: at the command line that would be an option. */
export function formatId(bytes: Uint8Array): string {
  return encodeBase64Url(bytes).replace(/^-/, '_')
}

export function sha256(data: string | Uint8Array): Uint8Array {
  return native === undefined ? nobleSha256(toBytes(data)) : native.sha256(data)
}

/** Tokens carry 256 random bits, so a plain hash is enough: there is no dictionary to try. */
export function hashToken(token: string): TokenHash {
  return (native?.sha256Text(token) ?? encodeBase64Url(sha256(token))) as TokenHash
}

/**
 * HMAC-SHA-256 over a purpose and its parts. Each part is preceded by its length, so that
 * ("ab", "c") and ("a", "bc") never give the same tag.
 */
export function keyedHash(key: Uint8Array, purpose: string, ...parts: string[]): Uint8Array {
  if (native !== undefined) return native.keyedHash(key, [purpose, ...parts])
  const mac = hmac.create(nobleSha256, key)
  for (const part of [purpose, ...parts]) {
    const bytes = toBytes(part)
    mac.update(lengthPrefix(bytes.length)).update(bytes)
  }
  return mac.digest()
}

/** Compares without telling by its duration where two values differ. */
export function equalInConstantTime(left: string, right: string): boolean {
  const a = sha256(left)
  const b = sha256(right)
  let difference = 0
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0)
  return difference === 0
}

/** AES-256-GCM. The context is authenticated, not encrypted: a box opens only under the one it was sealed for. */
export async function sealBox(key: CryptoKey, plain: Uint8Array, context: string): Promise<Uint8Array> {
  const iv = systemRandom(12)
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: iv as BufferSource, additionalData: toBytes(context) as BufferSource },
    key,
    plain as BufferSource,
  )
  const box = new Uint8Array(iv.length + sealed.byteLength)
  box.set(iv)
  box.set(new Uint8Array(sealed), iv.length)
  return box
}

/** The plain bytes, or undefined when the box was made with another key or context, or was changed. */
export async function openBox(
  key: CryptoKey,
  box: Uint8Array,
  context: string,
): Promise<Uint8Array | undefined> {
  if (box.length < 12 + 16) return undefined
  const algorithm = {
    name: 'AES-GCM',
    iv: box.subarray(0, 12) as BufferSource,
    additionalData: toBytes(context) as BufferSource,
  }
  const opened = crypto.subtle.decrypt(algorithm, key, box.subarray(12) as BufferSource)
  return opened.then(
    (plain) => new Uint8Array(plain),
    () => undefined,
  )
}

export function importSealingKey(bytes: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes as BufferSource, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

export function encodeBase64Url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** The bytes, or undefined for text that is not base64url. */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

const encoder = new TextEncoder()

function toBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? encoder.encode(data) : data
}

function lengthPrefix(length: number): Uint8Array {
  return Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length)
}
