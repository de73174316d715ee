/** Session ids that carry their session, encrypted and authenticated, so that any instance can serve any of them without a stored row. */

import { decodeBase64Url, encodeBase64Url, openBox, sealBox } from '../platform/crypto.ts'

/** What was settled when the session was opened, and never changes. */
export interface SealedSession {
  /** As negotiated. */
  protocolVersion: string
  userId: string
  clientId: string
  /** The upstream's own id, if it gave one. */
  upstreamSessionId: string | undefined
  /** As declared, so that a new upstream session can be opened in the client's name. */
  clientCapabilities: Readonly<Record<string, unknown>>
  clientInfo: Readonly<Record<string, unknown>> | undefined
  issuedAt: number
  expiresAt: number
  /** What the upstream session was opened with; undefined where that is the same for everybody. */
  credentialId?: string | undefined
}

/** What a client declares is kept up to this size, since the id travels in a header with every request. */
export const maximumSealedMemberCharacters = 1024

/** Longer ids are not ours: the largest that sealing makes is about 4 000 characters. */
export const maximumSessionIdCharacters = 8192

/** Visible ASCII, as MCP 2025-03-26 asks. The connector's path is authenticated with it: an id opens nowhere else. */
export async function sealSession(
  key: CryptoKey,
  connectorPath: string,
  session: SealedSession,
): Promise<string> {
  const members: SealedMembers = [
    session.protocolVersion,
    session.userId,
    session.clientId,
    session.upstreamSessionId ?? null,
    session.clientCapabilities,
    session.clientInfo ?? null,
    session.issuedAt,
    session.expiresAt,
    session.credentialId ?? null,
  ]
  const plain = new TextEncoder().encode(JSON.stringify(members))
  return formatPrefix + encodeBase64Url(await sealBox(key, plain, contextOf(connectorPath)))
}

/** The session, whoever it belongs to and whenever it ended; undefined for an id that was not sealed with this key for this connector. */
export async function openSession(
  key: CryptoKey,
  connectorPath: string,
  id: string,
): Promise<SealedSession | undefined> {
  if (!id.startsWith(formatPrefix) || id.length > maximumSessionIdCharacters) return undefined
  const written = id.slice(formatPrefix.length)
  const box = decodeBase64Url(written)
  // One id for one session: what is remembered of it, such as that it was ended, is remembered under its text.
  if (box === undefined || encodeBase64Url(box) !== written) return undefined
  const plain = await openBox(key, box, contextOf(connectorPath))
  if (plain === undefined) return undefined
  const [
    protocolVersion,
    userId,
    clientId,
    upstreamSessionId,
    clientCapabilities,
    clientInfo,
    issuedAt,
    expiresAt,
    credentialId,
  ] = JSON.parse(new TextDecoder().decode(plain)) as SealedMembers
  return {
    protocolVersion,
    userId,
    clientId,
    upstreamSessionId: upstreamSessionId ?? undefined,
    clientCapabilities,
    clientInfo: clientInfo ?? undefined,
    issuedAt,
    expiresAt,
    credentialId: credentialId ?? undefined,
  }
}

/** Of what a client declared, that which fits into the id; the upstream is told the same, so that it never relies on more. */
export function sealable(declared: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) return undefined
  return lengthOf(declared) <= maximumSealedMemberCharacters
    ? (declared as Record<string, unknown>)
    : undefined
}

/** What is nested deeper than the stack can be parsed, but not written again. */
function lengthOf(declared: object): number {
  try {
    return JSON.stringify(declared).length
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

type SealedMembers = [
  protocolVersion: string,
  userId: string,
  clientId: string,
  upstreamSessionId: string | null,
  clientCapabilities: Readonly<Record<string, unknown>>,
  clientInfo: Readonly<Record<string, unknown>> | null,
  issuedAt: number,
  expiresAt: number,
  credentialId?: string | null,
]

/** Names the layout of what is sealed; another layout gets another prefix. */
const formatPrefix = 's1_'

function contextOf(connectorPath: string): string {
  return `mcp session ${formatPrefix} ${connectorPath}`
}
