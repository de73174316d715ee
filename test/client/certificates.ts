// Certificates made for a test: an own root, an intermediate authority, and servers below it, written in DER as RFC 5280 §4.1 has them.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export interface Authority {
  pem: string
  name: string
  key: KeyObject
}

export interface CertificateRequest {
  name: string
  /** Names for which a server may use it; an authority has none. */
  hosts?: readonly string[]
  validUntil?: Date
}

export interface Issued {
  pem: string
  keyPem: string
}

/** Signed by itself. */
export function createRoot(name: string): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { name, key: privateKey, pem: certificate({ name }, publicKey, { name, key: privateKey }) }
}

export function createIntermediate(name: string, issuer: Authority): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { name, key: privateKey, pem: certificate({ name }, publicKey, issuer) }
}

export function issueCertificate(request: CertificateRequest, issuer: Authority | 'itself'): Issued {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const by = issuer === 'itself' ? { name: request.name, key: privateKey } : issuer
  return {
    pem: certificate(request, publicKey, by),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

let serial = 0

function certificate(
  { name, hosts, validUntil = new Date(Date.now() + 86_400_000) }: CertificateRequest,
  publicKey: KeyObject,
  issuer: Pick<Authority, 'name' | 'key'>,
): string {
  const extension = hosts === undefined ? basicConstraints() : subjectAltNames(hosts)
  const body = sequence(
    element(0xa0, integer(2)),
    integer(++serial),
    ecdsaWithSha256,
    distinguishedName(issuer.name),
    sequence(utcTime(new Date(Date.now() - 172_800_000)), utcTime(validUntil)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(extension)),
  )
  const signature = sign('sha256', body, issuer.key)
  const whole = sequence(body, ecdsaWithSha256, element(0x03, Buffer.concat([Buffer.of(0), signature])))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function basicConstraints(): Buffer {
  const isAuthority = sequence(element(0x01, Buffer.of(0xff)))
  return sequence(objectId('551d13'), element(0x01, Buffer.of(0xff)), element(0x04, isAuthority))
}

function subjectAltNames(hosts: readonly string[]): Buffer {
  const names = sequence(...hosts.map((host) => element(0x82, Buffer.from(host))))
  return sequence(objectId('551d11'), element(0x04, names))
}

function distinguishedName(commonName: string): Buffer {
  const attribute = sequence(objectId('550403'), element(0x0c, Buffer.from(commonName)))
  return sequence(element(0x31, attribute))
}

function utcTime(at: Date): Buffer {
  return element(0x17, Buffer.from(`${at.toISOString().replace(/^..|[-:T]|\..*$/g, '')}Z`))
}

const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'))

function integer(value: number): Buffer {
  return element(0x02, Buffer.of(value))
}

function objectId(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts))
}

function element(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content])
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content])
}
