// A key pair of somebody who signs: a client, an issuer, a holder of a token.

import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

export interface SigningKey {
  /** Its public half, as it is published. */
  jwk: JWK
  privateJwk: JWK
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
}

export async function signingKey(alg = 'ES256', kid: string | undefined = 'one'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return {
    jwk: kid === undefined ? jwk : { ...jwk, kid },
    privateJwk: await exportJWK(privateKey),
    sign: (claims, header = {}) =>
      signWith(privateKey, claims, { alg, ...(kid === undefined ? {} : { kid }), ...header }),
  }
}

export function signWith(
  key: CryptoKey | Uint8Array,
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header as { alg: string }).sign(key)
}

/** A token that nobody signed, which says what it likes. */
export function unsigned(
  claims: Record<string, unknown>,
  header: Record<string, unknown> = { alg: 'none' },
): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.`
}
