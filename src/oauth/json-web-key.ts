/** Sets of public keys (RFC 7517 §5), as a client or an issuer publishes them. */

import type { Problem } from './errors.ts'

/** The wire form. Members that are not understood are kept: they may say more of a key. */
export interface JsonWebKeySet {
  keys: readonly PublicJsonWebKey[]
}

export interface PublicJsonWebKey {
  kty: 'EC' | 'RSA' | 'OKP'
  kid?: string
  alg?: string
  use?: string
  key_ops?: readonly string[]
  [member: string]: unknown
}

/** More keys than anybody rotates through; each is tried on a signature that names none. */
const maximumKeys = 20

/** Why these are no keys to verify with. A private or symmetric one must never be published, so that whoever holds it is refused. */
export function jsonWebKeySetProblems(value: unknown, at: string): Problem[] {
  const problem = (says: string): Problem[] => [
    { code: 'invalid_client_metadata', at, says, standard: 'RFC 7517 §5' },
  ]
  if (!isObject(value) || !Array.isArray(value.keys)) return problem(`${at} must be an object with "keys"`)
  if (value.keys.length === 0) return problem(`${at} holds no key`)
  if (value.keys.length > maximumKeys) return problem(`${at} holds more than ${maximumKeys} keys`)
  if (!value.keys.every(isObject)) return problem(`a key in ${at} is not an object`)
  if (value.keys.some((key: Record<string, unknown>) => secretMembers.some((name) => name in key))) {
    return problem(
      `${at} holds a private or symmetric key; publish the public half alone, and replace it now`,
    )
  }
  if (usableKeys(value.keys).length === 0) return problem(`${at} holds no EC, RSA or OKP key for signatures`)
  return []
}

/** Call after `jsonWebKeySetProblems` found none. Keys for encryption and of other kinds are left out. */
export function readJsonWebKeySet(value: unknown): JsonWebKeySet {
  return { keys: usableKeys(isObject(value) && Array.isArray(value.keys) ? value.keys : []) }
}

/** RFC 7518 §6.2.2, §6.3.2 and §6.4.1. */
const secretMembers: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

function usableKeys(keys: readonly unknown[]): PublicJsonWebKey[] {
  return keys.filter(
    (key): key is PublicJsonWebKey =>
      isObject(key) && (key.kty === 'EC' || key.kty === 'RSA' || key.kty === 'OKP') && key.use !== 'enc',
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
