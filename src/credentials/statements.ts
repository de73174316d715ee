/** Signs who calls, anew for each request, so that an MCP server can tell a statement that comes twice (RFC 7519 §4.1.7; house rule 9). */

import { type CryptoKey, SignJWT } from 'jose'
import type { Clock } from '../platform/clock.ts'
import { encodeBase64Url, keyedHash, randomId } from '../platform/crypto.ts'
import type { UserRecord } from '../storage/storage.ts'
import type { CallerCredential } from './caller-credential.ts'
import type { StatementCredential } from './upstream-credential.ts'

export interface StatementsOptions {
  issuer: string
  /** The key that signs now. */
  key(): Promise<{ kid: string; privateKey: CryptoKey }>
  pairwiseKey: Uint8Array
  clock: Clock
}

export type Statements = (credential: StatementCredential, person: UserRecord) => CallerCredential

export function createStatements({ issuer, key, pairwiseKey, clock }: StatementsOptions): Statements {
  async function sign(credential: StatementCredential, person: UserRecord): Promise<string> {
    const { audience, isPairwise, lifetimeSeconds } = credential
    const { kid, privateKey } = await key()
    const subject = isPairwise
      ? encodeBase64Url(keyedHash(pairwiseKey, 'pairwise subject', audience, person.userId))
      : person.userId
    const now = clock()
    return new SignJWT({
      iss: issuer,
      sub: subject,
      aud: audience,
      jti: randomId(),
      iat: now,
      exp: now + lifetimeSeconds,
      ...claimsOf(credential, person),
    })
      .setProtectedHeader({ typ: statementType, alg: 'RS256', kid })
      .sign(privateKey)
  }

  return function callerCredential(credential, person) {
    const isBearer = credential.header.toLowerCase() === 'authorization'
    return {
      // A person is one person to the MCP server, whatever was signed when.
      id: '',
      environment: {},
      async current() {
        const statement = await sign(credential, person)
        return { headers: { [credential.header]: isBearer ? `Bearer ${statement}` : statement } }
      },
      own: undefined,
    }
  }
}

/** No access token has this type, and no statement any other: neither can stand for the other (RFC 8725 §3.11). */
const statementType = 'postern-identity+jwt'

function claimsOf({ claims }: StatementCredential, person: UserRecord): Record<string, unknown> {
  const all: Record<StatementCredential['claims'][number], unknown> = {
    username: person.username,
    name: person.displayName,
    email: person.outside?.email,
    role: person.role,
    groups: person.outside?.groups ?? [],
  }
  return Object.fromEntries(claims.map((name) => [name, all[name]]))
}
