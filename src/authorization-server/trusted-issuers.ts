/** The issuers whose word about a person is taken (enterprise-managed authorization), and the keys by which it is known to be theirs. */

import { OAuthError } from '../oauth/errors.ts'
import {
  type IdentityExpectations,
  type VerifiedIdentity,
  verifyIdentityAssertion,
} from '../oauth/identity-assertion.ts'
import type { JsonWebKeySet } from '../oauth/json-web-key.ts'
import type { TokenFault } from '../oauth/json-web-token.ts'
import { OutboundError } from '../platform/outbound-fetch.ts'
import { parseUrl } from '../platform/url.ts'
import { createRemoteKeys } from './remote-keys.ts'
import type { AuthorizationServerSettings, TrustedIssuer } from './settings.ts'

export interface TrustedIssuers {
  /** Undefined for one that the operator did not list. */
  find(issuer: string | undefined): TrustedIssuer | undefined
  /** Throws `temporarily_unavailable` where the issuer's keys cannot be asked for. */
  verify(
    assertion: string,
    issuer: TrustedIssuer,
    expected: Omit<IdentityExpectations, 'issuer'>,
  ): Promise<VerifiedIdentity | TokenFault>
}

/** Discovery documents do not say how long they are good for. */
const discoveryFreshSeconds = 3600

export function createTrustedIssuers(settings: AuthorizationServerSettings): TrustedIssuers {
  const { trustedIssuers, outboundFetch, clock } = settings
  const remoteKeys = createRemoteKeys(outboundFetch, clock, {
    whose: "the issuer's keys",
    withdrawn: 'invalid_grant',
  })
  const discovered = new Map<string, { jwksUri: string; freshUntil: number }>()
  const running = new Map<string, Promise<string>>()

  async function verify(
    assertion: string,
    trusted: TrustedIssuer,
    expected: Omit<IdentityExpectations, 'issuer'>,
  ): Promise<VerifiedIdentity | TokenFault> {
    const verifyWith = (keys: JsonWebKeySet): Promise<VerifiedIdentity | TokenFault> =>
      verifyIdentityAssertion(assertion, keys, { ...expected, issuer: trusted.issuer })
    const jwksUri = trusted.jwksUri ?? (await discover(trusted.issuer))
    const verified = await verifyWith(await remoteKeys.find(jwksUri))
    if (!('fault' in verified) || !verified.isAboutKeys) return verified
    const renewed = await remoteKeys.renew(jwksUri)
    return renewed === undefined ? verified : verifyWith(renewed)
  }

  /** However many ask at once, the issuer is asked once. */
  async function discover(issuer: string): Promise<string> {
    const known = discovered.get(issuer)
    if (known !== undefined && known.freshUntil > clock()) return known.jwksUri
    const begun = running.get(issuer) ?? rediscover(issuer, known).finally(() => running.delete(issuer))
    running.set(issuer, begun)
    return begun
  }

  /** An issuer may move its keys; while its document cannot be had, they are where they were. */
  async function rediscover(issuer: string, known: { jwksUri: string } | undefined): Promise<string> {
    const jwksUri = await readDiscovery(issuer).catch((error: unknown) => {
      if (!(error instanceof OutboundError)) throw error
      if (known !== undefined) return known.jwksUri
      const says = `the issuer of the assertion could not be asked for its keys: ${error.message}`
      throw new OAuthError('temporarily_unavailable', says)
    })
    discovered.set(issuer, { jwksUri, freshUntil: clock() + discoveryFreshSeconds })
    return jwksUri
  }

  /** OpenID Connect Discovery §4: what says that it is another issuer is not believed about keys either. */
  async function readDiscovery(issuer: string): Promise<string> {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const answer = await outboundFetch(url, { headers: { accept: 'application/json' } })
    if (answer.status !== 200)
      throw new OutboundError('wrong-status', `${new URL(url).host} answered ${answer.status} instead of 200`)
    const document = parseObject(answer.text)
    const jwksUri = document?.jwks_uri
    if (
      document?.issuer !== issuer ||
      typeof jwksUri !== 'string' ||
      parseUrl(jwksUri)?.protocol !== 'https:'
    )
      throw new OutboundError(
        'wrong-body',
        `the discovery document of ${issuer} names no keys of that issuer`,
      )
    return jwksUri
  }

  return {
    find: (issuer) => trustedIssuers.find((trusted) => trusted.issuer === issuer),
    verify,
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
