/** The hashes of the runtime itself, where it has some that answer at once: in Node they take a fifth of the time of @noble/hashes. */

export interface NativeHash {
  sha256(data: string | Uint8Array): Uint8Array
  /** base64url. */
  sha256Text(data: string): string
  /** HMAC-SHA-256 (RFC 2104) over parts, each behind its length in four bytes. */
  keyedHash(key: Uint8Array, parts: readonly string[]): Uint8Array
}

/** Undefined in other runtimes. Asked for, not imported: nothing of Node is needed to load this. */
export const native: NativeHash | undefined = createNativeHash()

interface NodeCrypto {
  hash(algorithm: 'sha256', data: string | Uint8Array, form: 'buffer'): NodeBytes
  hash(algorithm: 'sha256', data: string | Uint8Array, form: 'base64url'): string
}

interface NodeBytes extends Uint8Array {
  write(text: string, offset: number): number
  writeUInt32BE(value: number, offset: number): number
}

interface NodeBuffer {
  Buffer: { allocUnsafe(length: number): NodeBytes; byteLength(text: string): number }
}

function createNativeHash(): NativeHash | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } }
  const crypto = process?.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined
  const buffer = process?.getBuiltinModule?.('node:buffer') as NodeBuffer | undefined
  if (crypto?.hash === undefined || buffer === undefined) return undefined
  return { ...hashesBy(crypto), keyedHash: keyedHashBy(crypto, buffer) }
}

function hashesBy({ hash }: NodeCrypto): Pick<NativeHash, 'sha256' | 'sha256Text'> {
  return {
    sha256: (data) => plainBytes(hash('sha256', data, 'buffer')),
    sha256Text: (data) => hash('sha256', data, 'base64url'),
  }
}

/** By two whole hashes, because Node's own Hmac costs more than both to make. */
function keyedHashBy({ hash }: NodeCrypto, { Buffer }: NodeBuffer): NativeHash['keyedHash'] {
  const pads = new WeakMap<Uint8Array, readonly [inner: Uint8Array, outer: Uint8Array]>()

  function padsOf(key: Uint8Array): readonly [inner: Uint8Array, outer: Uint8Array] {
    const known = pads.get(key)
    if (known !== undefined) return known
    const short = key.length > blockBytes ? hash('sha256', key, 'buffer') : key
    const padded = (mask: number): Uint8Array =>
      Uint8Array.from({ length: blockBytes }, (_, at) => (short[at] ?? 0) ^ mask)
    const made = [padded(0x36), padded(0x5c)] as const
    pads.set(key, made)
    return made
  }

  return (key, parts) => {
    const [inner, outer] = padsOf(key)
    const message = Buffer.allocUnsafe(
      parts.reduce((length, part) => length + 4 + Buffer.byteLength(part), blockBytes),
    )
    message.set(inner)
    let at = blockBytes
    for (const part of parts) {
      const length = message.write(part, at + 4)
      message.writeUInt32BE(length, at)
      at += 4 + length
    }
    const whole = Buffer.allocUnsafe(blockBytes + 32)
    whole.set(outer)
    whole.set(hash('sha256', message, 'buffer'), blockBytes)
    return plainBytes(hash('sha256', whole, 'buffer'))
  }
}

/** Of SHA-256 (FIPS 180-4 §1). */
const blockBytes = 64

/** Without what Node's own kind of bytes adds to it. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
