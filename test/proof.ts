// A proof of possession (RFC 9449 §4.2), as a client makes it for one request.

import { createHash, randomUUID } from 'node:crypto'
import type { SigningKey } from './signing-key.ts'

export interface ProvedRequest {
  method: string
  url: string
  at: number
}

/** `undefined` in the changes leaves a claim or a header parameter out. */
export function prove(
  key: SigningKey,
  { method, url, at }: ProvedRequest,
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const claims = { htm: method, htu: url, iat: at, jti: randomUUID(), ...changes }
  return key.sign(withoutMissing(claims), withoutMissing({ typ: 'dpop+jwt', jwk: key.jwk, ...header }))
}

export function accessTokenHash(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest('base64url')
}

function withoutMissing(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
