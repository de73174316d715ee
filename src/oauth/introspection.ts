/** What a resource server elsewhere is told of a token (RFC 7662 §2.2). */

/** Nothing is told of a token that is not live, or not the caller's to ask about: not even which of these it is. */
export const inactiveToken: Readonly<Record<string, unknown>> = { active: false }

export interface ActiveToken {
  issuer: string
  /** The resource it is for. */
  audience: string
  subject: string
  clientId: string
  scope: string
  expiresAt: number
  /** Undefined for a refresh token, which has no type (RFC 6749 §5.1). */
  tokenType: 'Bearer' | 'DPoP' | undefined
  /** Of the key that it is bound to. */
  keyThumbprint: string | undefined
}

export function formatActiveToken(token: ActiveToken): Record<string, unknown> {
  return {
    active: true,
    iss: token.issuer,
    aud: token.audience,
    sub: token.subject,
    client_id: token.clientId,
    scope: token.scope,
    exp: token.expiresAt,
    ...(token.keyThumbprint === undefined ? {} : { cnf: { jkt: token.keyThumbprint } }),
    ...(token.tokenType === undefined ? {} : { token_type: token.tokenType }),
  }
}
