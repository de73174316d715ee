/** A signed statement of who calls, for an MCP server that knows the people itself (RFC 7519; house rule 9). */

import type { StatementCredential } from '../upstream-credential.ts'
import { ownHeader } from '../wire-value.ts'

export interface SignedIdentityOptions {
  /** The MCP server, as it expects to be named in `aud`; most often its URL. Its word that the statement is for it and nobody else. */
  audience: string
  /** Default `X-Postern-Identity`; in `Authorization` it stands as a Bearer token. */
  header?: string | undefined
  /** At most 60, the default. */
  lifetimeSeconds?: number | undefined
  /** `pairwise`: a subject that another audience is not told, so that two servers cannot compare their people. Default `public`: the id of the account. */
  subject?: 'public' | 'pairwise' | undefined
  /** What else it says of the person. Default nothing. */
  claims?: readonly StatementClaim[] | undefined
}

export type StatementClaim = StatementCredential['claims'][number]

/** Throws a `TypeError` for what is no statement to rely on. */
export function signedIdentity(options: SignedIdentityOptions): StatementCredential {
  const { audience, header = 'X-Postern-Identity', lifetimeSeconds = maximumSeconds } = options
  if (audience.trim() === '') throw new TypeError('audience has to name the MCP server')
  if (!ownHeader(header) || clientHeaders.test(header))
    throw new TypeError(`${header} is a header that clients or the protocol set`)
  if (!(lifetimeSeconds >= 1 && lifetimeSeconds <= maximumSeconds))
    throw new TypeError(`lifetimeSeconds has to be from 1 to ${maximumSeconds}`)
  const isPairwise = options.subject === 'pairwise'
  return { kind: 'statement', audience, header, lifetimeSeconds, isPairwise, claims: options.claims ?? [] }
}

/** House rule 9. */
const maximumSeconds = 60

/** Passed on as they come, so a statement there could be anybody's. */
const clientHeaders = /^(?:user-agent|accept-language|traceparent|tracestate|baggage)$/i
