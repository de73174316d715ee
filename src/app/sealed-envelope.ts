/** What one instance says to another about a call that it passes on, sealed by the key that all of them have; and the proof that the answer is by one of them (house rule 13). */

import { encodeBase64Url, equalInConstantTime, keyedHash, sha256 } from '../platform/crypto.ts'

export interface Envelope {
  to: string
  method: string
  url: string
  headers: [string, string][]
  tokenHash: string
  at: number
  nonce: string
}

export interface SealedCall {
  mac: string
  bytes: Uint8Array<ArrayBuffer>
}

export const maximumEnvelopeBytes = 65_536

export function sealCall(key: Uint8Array, envelope: Envelope, body: Uint8Array): SealedCall {
  const text = JSON.stringify(envelope)
  return { mac: macOf(key, text, body), bytes: joined(text, body) }
}

/** Undefined where none of us has sealed it; nothing of it is read before that is known. */
export function openCall(
  key: Uint8Array,
  { mac, bytes }: { mac: string; bytes: Uint8Array },
): { envelope: Envelope; body: Uint8Array } | undefined {
  const [text, body] = split(bytes)
  if (!equalInConstantTime(mac, macOf(key, text, body))) return undefined
  return { envelope: JSON.parse(text) as Envelope, body }
}

/** Only who holds the key can answer to this nonce. */
export function proofOf(key: Uint8Array, nonce: string): string {
  return encodeBase64Url(keyedHash(key, 'answered between instances', nonce))
}

/** Sealed as one text, so that no part of it can be given to another. */
function macOf(key: Uint8Array, text: string, body: Uint8Array): string {
  return encodeBase64Url(keyedHash(key, 'passed between instances', text, encodeBase64Url(sha256(body))))
}

function joined(text: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${text}\n`)
  const whole = new Uint8Array(head.byteLength + body.byteLength)
  whole.set(head)
  whole.set(body, head.byteLength)
  return whole
}

/** JSON has no line break outside of its texts, and within them it is written as two characters. */
function split(bytes: Uint8Array): [text: string, body: Uint8Array] {
  const end = bytes.indexOf(0x0a)
  if (end < 0 || end > maximumEnvelopeBytes) return ['', new Uint8Array()]
  return [new TextDecoder().decode(bytes.subarray(0, end)), bytes.slice(end + 1)]
}
