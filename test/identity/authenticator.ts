/** An authenticator without a device: makes passkeys and signs as a browser and its authenticator do together, or not quite as they do (WebAuthn Level 3 §6). */

import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'

export interface Passkey {
  id: string
  userHandle: string
  counter: number
  sign(data: Uint8Array): Buffer
}

/** What is not as it should be. */
export interface Faults {
  origin?: string
  rpId?: string
  challenge?: string
  counter?: number
  userHandle?: string
  /** Somebody was at the device, but nobody looked who. */
  isUnverified?: boolean
  isForged?: boolean
}

interface CreationOptions {
  challenge: string
  rp: { id: string }
  user: { id: string }
}

interface RequestOptions {
  challenge: string
  rpId: string
}

/** `navigator.credentials.create`, and what its `toJSON` gives. */
export function createPasskey(
  options: CreationOptions,
  origin: string,
  faults: Faults = {},
): { passkey: Passkey; response: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const id = randomBytes(32)
  const passkey: Passkey = {
    id: id.toString('base64url'),
    userHandle: options.user.id,
    counter: faults.counter ?? 0,
    sign: (data) => createSign('sha256').update(data).sign(privateKey),
  }
  const key = cborMap([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, Buffer.from(x, 'base64url')],
    [-3, Buffer.from(y, 'base64url')],
  ])
  const idLength = Buffer.alloc(2)
  idLength.writeUInt16BE(id.length)
  const rpId = faults.rpId ?? options.rp.id
  const authData = Buffer.concat([
    authenticatorData(rpId, passkey.counter, attestedFlag | verifiedFlag(faults)),
    Buffer.alloc(16),
    idLength,
    id,
    key,
  ])
  const attestation = cborMap([
    ['fmt', 'none'],
    ['attStmt', cborMap([])],
    ['authData', authData],
  ])
  const response = {
    id: passkey.id,
    rawId: passkey.id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON: clientData('webauthn.create', options.challenge, origin, faults).toString('base64url'),
      attestationObject: attestation.toString('base64url'),
      transports: ['internal', 'a-word-of-somebody'],
    },
  }
  return { passkey, response: JSON.stringify(response) }
}

/** `navigator.credentials.get`; the passkey counts on. */
export function usePasskey(
  passkey: Passkey,
  options: RequestOptions,
  origin: string,
  faults: Faults = {},
): string {
  passkey.counter += 1
  const data = authenticatorData(
    faults.rpId ?? options.rpId,
    faults.counter ?? passkey.counter,
    verifiedFlag(faults),
  )
  const client = clientData('webauthn.get', options.challenge, origin, faults)
  const signature = passkey.sign(Buffer.concat([data, createHash('sha256').update(client).digest()]))
  if (faults.isForged === true) signature.writeUInt8(signature.readUInt8(9) ^ 1, 9)
  return JSON.stringify({
    id: passkey.id,
    rawId: passkey.id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON: client.toString('base64url'),
      authenticatorData: data.toString('base64url'),
      signature: signature.toString('base64url'),
      userHandle: faults.userHandle ?? passkey.userHandle,
    },
  })
}

function clientData(type: string, challenge: string, origin: string, faults: Faults): Buffer {
  const said = { type, challenge: faults.challenge ?? challenge, origin: faults.origin ?? origin }
  return Buffer.from(JSON.stringify({ ...said, crossOrigin: false }))
}

const presentFlag = 1
const attestedFlag = 0x40

function verifiedFlag({ isUnverified }: Faults): number {
  return isUnverified === true ? 0 : 4
}

function authenticatorData(rpId: string, counter: number, flags: number): Buffer {
  const tail = Buffer.alloc(5)
  tail.writeUInt8(flags | presentFlag, 0)
  tail.writeUInt32BE(counter, 1)
  return Buffer.concat([createHash('sha256').update(rpId).digest(), tail])
}

/* As much CBOR as that needs (RFC 8949) */

type Cbor = number | string | Buffer

/** A value that is a map is given encoded already; only byte strings of keys and data are wrapped. */
function cborMap(entries: readonly (readonly [Cbor, Cbor])[]): Buffer & { isMap?: true } {
  const encoded = entries.flatMap(([key, value]) => [cbor(key), cbor(value)])
  return Object.assign(Buffer.concat([cborHead(5, entries.length), ...encoded]), { isMap: true as const })
}

function cbor(value: Cbor & { isMap?: true }): Buffer {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value)
  if (typeof value === 'string') return Buffer.concat([cborHead(3, value.length), Buffer.from(value)])
  return value.isMap === true ? value : Buffer.concat([cborHead(2, value.length), value])
}

function cborHead(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length])
  if (length < 256) return Buffer.from([(major << 5) | 24, length])
  return Buffer.from([(major << 5) | 25, length >> 8, length & 0xff])
}
