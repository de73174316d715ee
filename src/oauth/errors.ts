/** Every OAuth error that Postern speaks: its code, its status and its two texts (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7591 §3.2.2, RFC 8707 §2). */

import type { TrustedRedirect } from './redirect-uri.ts'

/** The one table of status codes; nobody else writes a status for an OAuth error. */
export const statusOf: Readonly<Record<OAuthErrorCode, number>> = {
  invalid_request: 400,
  // 401 makes Claude forget the client and register again; with 400 it stays stuck.
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  // RFC 9101 §7, of the registry that RFC 9126 §2.3 points at.
  invalid_request_uri: 400,
  access_denied: 403,
  // OpenID Connect Core §3.1.2.6: `prompt=none` was asked, but a person has to consent.
  interaction_required: 400,
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  invalid_token: 401,
  // RFC 9449 §5; at a resource it is 401 with a challenge.
  invalid_dpop_proof: 400,
  insufficient_scope: 403,
  temporarily_unavailable: 503,
  // RFC 6585 §4; the name is the one by which the MCP SDKs know it.
  too_many_requests: 429,
  server_error: 500,
}

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_request_uri'
  | 'access_denied'
  | 'interaction_required'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_token'
  | 'invalid_dpop_proof'
  | 'insufficient_scope'
  | 'temporarily_unavailable'
  | 'too_many_requests'
  | 'server_error'

/** One thing wrong with a message: the server refuses on the first, the doctor prints them all. */
export interface Problem {
  code: OAuthErrorCode
  /** The parameter or member, for example `redirect_uris[1]`. */
  at: string
  /** What is wrong and what would be right, in a plain sentence. */
  says: string
  /** The paragraph that asks for it, for example `RFC 7636 §4.3`. */
  standard: string
}

/** Where a person, not a program, is at the other end: what the page should explain. */
export type PageOccasion = 'unknown-client' | 'expired' | 'not-genuine' | 'operators-only'

export interface OAuthErrorOptions extends ErrorOptions {
  detail?: string | undefined
  occasion?: PageOccasion | undefined
  /** Goes out as Retry-After. */
  retryAfterSeconds?: number | undefined
}

/** Whose attempt an error ended, as far as that was known then: for the log, never for the answer. */
export interface ErrorSubject {
  flowId?: string | undefined
  clientId?: string | undefined
  grantId?: string | undefined
}

/** Notes on whatever `work` throws whom it concerned; `subject` is filled in as that becomes known. */
export async function concerning<T>(subject: ErrorSubject, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Error ? concern(error, subject) : error
  }
}

/** What was noted further in stands. */
export function concern(error: Error, subject: ErrorSubject): Error {
  subjects.set(error, { ...subject, ...subjects.get(error) })
  return error
}

export function subjectOf(error: unknown): ErrorSubject {
  return (error instanceof Error ? subjects.get(error) : undefined) ?? {}
}

/** Beside the errors, because those of storage have no room for it. */
const subjects = new WeakMap<Error, ErrorSubject>()

/** `description` goes out; `detail` stays in the log. */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode
  readonly description: string
  readonly detail: string | undefined
  readonly occasion: PageOccasion | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: OAuthErrorCode, description: string, options: OAuthErrorOptions = {}) {
    super(`${code}: ${description}`, options)
    this.name = 'OAuthError'
    this.code = code
    this.description = describable(description)
    this.detail = options.detail
    this.occasion = options.occasion
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  get status(): number {
    return statusOf[this.code]
  }
}

/** RFC 6749 §4.1.2.1 and §5.2: `error_description` is %x20-21 / %x23-5B / %x5D-7E, so quotes are single and paragraphs have no sign. */
function describable(text: string): string {
  return text
    .replaceAll('§', 'section ')
    .replace(/\\?"/g, "'")
    .replace(/[^\x20-\x5b\x5d-\x7e]/g, '?')
}

/** An error that may travel by redirect: it can only be made by a holder of a `TrustedRedirect` (RFC 6749 §4.1.2.1). */
export class AuthorizationError extends OAuthError {
  readonly redirect: TrustedRedirect
  readonly state: string | undefined

  constructor(
    redirect: TrustedRedirect,
    state: string | undefined,
    code: OAuthErrorCode,
    description: string,
  ) {
    super(code, description)
    this.name = 'AuthorizationError'
    this.redirect = redirect
    this.state = state
  }
}

/** Throws the first problem, if there is one. */
export function refuseProblems(problems: readonly Problem[]): void {
  const first = problems[0]
  if (first !== undefined)
    throw new OAuthError(first.code, `${first.says} (${first.standard})`, { detail: first.at })
}
