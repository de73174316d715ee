/** Any issuer of OpenID Connect: authorization code with PKCE and nonce, `iss` and signature checked, by openid-client (OpenID Connect Core 1.0, RFC 9207). */

import * as oidcClient from 'openid-client'
import { failureOf, reasonOf, refuseInsecureUrl, refuseOwnParameters } from '../../oauth/second-leg.ts'
import { asFetch, type OutboundFetch } from '../../platform/outbound-fetch.ts'
import { isLoopbackHost } from '../../platform/url.ts'
import { claimAt, type EntryRules } from '../entry-rules.ts'
import {
  type OutsideProvider,
  type OutsideSignIn,
  OutsideUnavailable,
  type OutsideVisitor,
  type OutsideWay,
  type SignInSecret,
} from '../identity-provider.ts'
import { domainOfAddress } from '../outside-person.ts'
import { refuseProviderName } from '../provider-name.ts'

export interface OidcOptions {
  /** In the redirect URI, `https://YOUR-HOST/login/NAME/callback`. Default `oidc`. */
  name?: string | undefined
  /** On the button. Default the host of the issuer. */
  label?: string | undefined
  /** As its discovery document names it. */
  issuer: string
  clientId: string
  /** Without one Postern is a public client there. */
  clientSecret?: string | undefined
  /** How the secret is sent. Default `client_secret_basic`. */
  tokenEndpointAuthMethod?: 'client_secret_basic' | 'client_secret_post' | undefined
  /** Default `openid profile email`. */
  scopes?: readonly string[] | undefined
  /** Where the groups stand, with dots for what is deeper. Default `groups`. */
  groupsClaim?: string | undefined
  /** Further parameters of the authorization request. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** Who may enter. Default everybody whom the issuer lets sign in to Postern. */
  enter?: EntryRules | undefined
  /** `there`: signing out here goes on to sign out there. Default `here`. */
  signOut?: 'here' | 'there' | undefined
}

/** What differs between issuers that all speak the same protocol. */
export interface OidcQuirks {
  /** Which tenant of the issuer. */
  tenantOf?(claims: Claims): string | undefined
  /** Where `email_verified` is not how it says so. */
  isEmailVerified?(claims: Claims): boolean
  /** Where the domain of the address is not what counts. */
  domainOf?(claims: Claims): string | undefined
  groupsOf?(claims: Claims, found: unknown): readonly string[] | undefined
  /** Where there is no `end_session_endpoint`. */
  signOutUrl?(returnTo: string): URL
}

export type Claims = Readonly<Record<string, unknown>>

/** Throws a `TypeError` for options that no sign-in could make right. */
export function oidc(options: OidcOptions, quirks: OidcQuirks = {}): OutsideProvider {
  const { issuer, clientId, name = 'oidc', enter = {} } = options
  refuseProviderName(name)
  refuseInsecureUrl(issuer)
  refuseOwnParameters(options.parameters)
  const label = options.label ?? new URL(issuer).host
  let discovered: Promise<oidcClient.Configuration> | undefined

  /** Found out at the first sign-in, and tried again at the next if it failed. */
  async function configure({ fetch }: OutsideWay): Promise<oidcClient.Configuration> {
    discovered ??= discover(fetch)
    try {
      const configuration = await discovered
      configuration[oidcClient.customFetch] = asFetch(fetch) as oidcClient.CustomFetch
      return configuration
    } catch (cause) {
      discovered = undefined
      throw new OutsideUnavailable(`${issuer} could not be asked how to sign in there: ${reasonOf(cause)}`, {
        cause,
      })
    }
  }

  function discover(send: OutboundFetch): Promise<oidcClient.Configuration> {
    const server = new URL(issuer)
    const metadata = { [oidcClient.clockTolerance]: clockToleranceSeconds }
    return oidcClient.discovery(server, clientId, metadata, authenticationOf(options), {
      // The signature too, and not only that the token came by TLS from where it was asked for.
      execute: [
        oidcClient.enableNonRepudiationChecks,
        ...(isLoopbackHost(server.hostname) ? [oidcClient.allowInsecureRequests] : []),
      ],
      [oidcClient.customFetch]: asFetch(send) as oidcClient.CustomFetch,
    })
  }

  async function finish(way: OutsideWay, answer: URL, secret: SignInSecret): Promise<OutsideSignIn> {
    const configuration = await configure(way)
    try {
      const tokens = await oidcClient.authorizationCodeGrant(configuration, answer, {
        // Single use and of this browser: that was looked at before anything else.
        expectedState: oidcClient.skipStateCheck,
        expectedNonce: secret.nonce ?? '',
        pkceCodeVerifier: secret.verifier ?? '',
        idTokenExpected: true,
      })
      const idToken = tokens.claims()
      if (idToken === undefined) return { outcome: 'failed', says: 'there is no ID token' }
      const said = await askForMore(configuration, tokens.access_token, idToken.sub)
      return { outcome: 'arrived', visitor: visitorOf({ ...said, ...idToken }) }
    } catch (error) {
      return failureOf(error)
    }
  }

  /** Some issuers keep the ID token short. That nothing more can be had hinders nobody; the rules judge what is there. */
  async function askForMore(
    configuration: oidcClient.Configuration,
    accessToken: string,
    subject: string,
  ): Promise<Claims> {
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return {}
    return oidcClient.fetchUserInfo(configuration, accessToken, subject).catch(() => ({}))
  }

  function visitorOf(claims: Claims & { iss: string; sub: string }): OutsideVisitor {
    const isVerified = quirks.isEmailVerified?.(claims) ?? claims.email_verified === true
    const email = isVerified ? textOf(claims.email) : undefined
    const found = claimAt(claims, options.groupsClaim ?? 'groups')
    return {
      issuer: claims.iss,
      tenant: quirks.tenantOf?.(claims),
      subject: claims.sub,
      email,
      domain: quirks.domainOf === undefined ? email && domainOfAddress(email) : quirks.domainOf(claims),
      displayName: textOf(claims.name),
      handle: textOf(claims.preferred_username),
      groups: quirks.groupsOf === undefined ? listOf(found) : quirks.groupsOf(claims, found),
      claims,
    }
  }

  return {
    kind: 'outside',
    name,
    label,
    rules: enter,
    async begin(way, redirectUri) {
      const configuration = await configure(way)
      const verifier = oidcClient.randomPKCECodeVerifier()
      const nonce = oidcClient.randomNonce()
      const location = oidcClient.buildAuthorizationUrl(configuration, {
        ...options.parameters,
        redirect_uri: redirectUri,
        scope: (options.scopes ?? ['openid', 'profile', 'email']).join(' '),
        code_challenge: await oidcClient.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        nonce,
      })
      return { location, secret: { verifier, nonce } }
    },
    finish,
    async signOut(way, returnTo) {
      if (options.signOut !== 'there') return undefined
      if (quirks.signOutUrl !== undefined) return quirks.signOutUrl(returnTo)
      const configuration = await configure(way)
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined
      return oidcClient.buildEndSessionUrl(configuration, { post_logout_redirect_uri: returnTo })
    },
  }
}

/** How far apart two clocks may be. */
const clockToleranceSeconds = 60

function authenticationOf({ clientSecret, tokenEndpointAuthMethod }: OidcOptions): oidcClient.ClientAuth {
  if (clientSecret === undefined) return oidcClient.None()
  return tokenEndpointAuthMethod === 'client_secret_post'
    ? oidcClient.ClientSecretPost(clientSecret)
    : oidcClient.ClientSecretBasic(clientSecret)
}

export function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim.trim() !== '' ? claim.trim() : undefined
}

/** One group is a text at some issuers. */
export function listOf(claim: unknown): readonly string[] | undefined {
  if (claim === undefined || claim === null) return undefined
  return [claim].flat().filter((one): one is string => typeof one === 'string')
}
