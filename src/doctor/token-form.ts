/** What an access token looks like from outside: its size, and what a JWT says of itself (RFC 7519, RFC 7516, RFC 9068). */

import { decodeBase64Url } from '../platform/crypto.ts'

export interface TokenForm {
  /** `encrypted`: a JWE, which only its audience can read. */
  kind: 'opaque' | 'jwt' | 'encrypted'
  characters: number
  algorithm: string | undefined
  issuer: string | undefined
  audiences: readonly string[]
}

export function readTokenForm(token: string): TokenForm {
  const parts = token.split('.')
  const header = readPart(parts[0])
  const opaque: TokenForm = {
    kind: 'opaque',
    characters: token.length,
    algorithm: undefined,
    issuer: undefined,
    audiences: [],
  }
  if (typeof header?.alg !== 'string') return opaque
  const named = { ...opaque, algorithm: header.alg }
  if (parts.length === 5 && typeof header.enc === 'string') return { ...named, kind: 'encrypted' }
  const claims = readPart(parts[1])
  if (parts.length !== 3 || claims === undefined) return opaque
  return {
    ...named,
    kind: 'jwt',
    issuer: typeof claims.iss === 'string' ? claims.iss : undefined,
    audiences: [claims.aud].flat().filter((audience) => typeof audience === 'string'),
  }
}

function readPart(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(decodeBase64Url(part ?? '')))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
