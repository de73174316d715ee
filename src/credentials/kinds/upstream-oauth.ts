/** The person's own account at another provider, by the authorization code grant with PKCE (OAuth 2.1 §4.1; the protocol by openid-client). */

import * as oauth from 'openid-client'
import { failureOf, reasonOf, refuseInsecureUrl, refuseOwnParameters } from '../../oauth/second-leg.ts'
import { asFetch, type OutboundFetch } from '../../platform/outbound-fetch.ts'
import { isLoopbackHost } from '../../platform/url.ts'
import { CredentialUnavailable } from '../caller-credential.ts'
import type {
  AccountCredential,
  AccountTokens,
  CheckWay,
  FinishedAccount,
  RenewedAccount,
} from '../upstream-credential.ts'
import { ownHeader } from '../wire-value.ts'

export interface UpstreamOauthOptions {
  /** As people know it, for example `Example`. */
  provider: string
  /** Its metadata says where everything is (RFC 8414, or OpenID Connect Discovery). This, or the two endpoints: */
  issuer?: string | undefined
  authorizationEndpoint?: string | undefined
  tokenEndpoint?: string | undefined
  /** That the operator registered there, with `https://YOUR-HOST/oauth/upstream/callback` as its redirect URI. */
  clientId: string
  clientSecret?: string | undefined
  /** How the secret is sent. Default `client_secret_post`; `none` without a secret. */
  tokenEndpointAuthMethod?: 'client_secret_post' | 'client_secret_basic' | undefined
  scopes?: readonly string[] | undefined
  /** Further parameters of the authorization request, for example `{ access_type: 'offline' }`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** The header that carries the access token, as `Bearer`. Default `Authorization`. */
  header?: string | undefined
  /** Asked with the new access token, and where in its JSON the account's name stands, for example `{ url: 'https://api.example.com/me', accountName: 'login' }`. */
  account?: { url: string; accountName: string } | undefined
}

/** Throws a `TypeError` for what no person could make right. */
export function upstreamOauth(options: UpstreamOauthOptions): AccountCredential {
  refuseMistakes(options)
  const { provider, clientId, header = 'Authorization', account } = options
  let discovered: Promise<oauth.Configuration> | undefined

  async function configure({ operatorFetch }: CheckWay): Promise<oauth.Configuration> {
    discovered ??= find(operatorFetch)
    try {
      return await discovered
    } catch (cause) {
      discovered = undefined
      throw new CredentialUnavailable(`${provider} does not say how to sign in there just now.`, { cause })
    }
  }

  async function find(send: OutboundFetch): Promise<oauth.Configuration> {
    const { issuer, authorizationEndpoint, tokenEndpoint = '' } = options
    const authentication = authenticationOf(options)
    const customFetch = asFetch(send) as oauth.CustomFetch
    if (issuer !== undefined) {
      const server = new URL(issuer)
      const execute = isLoopbackHost(server.hostname) ? [oauth.allowInsecureRequests] : []
      return oauth.discovery(server, clientId, {}, authentication, {
        execute,
        [oauth.customFetch]: customFetch,
      })
    }
    const server = {
      // Without metadata nobody says what it is called; `iss` of its answers is then not looked at either.
      issuer: new URL(tokenEndpoint).origin,
      ...(authorizationEndpoint === undefined ? {} : { authorization_endpoint: authorizationEndpoint }),
      token_endpoint: tokenEndpoint,
    }
    const configuration = new oauth.Configuration(server, clientId, {}, authentication)
    configuration[oauth.customFetch] = customFetch
    if (isLoopbackHost(new URL(tokenEndpoint).hostname)) oauth.allowInsecureRequests(configuration)
    return configuration
  }

  async function finish(
    way: CheckWay,
    answer: URL,
    { verifier = '' }: Readonly<Record<string, string>>,
  ): Promise<FinishedAccount> {
    const configuration = await configure(way)
    if (options.issuer === undefined) answer.searchParams.delete('iss')
    try {
      // Single use and of this browser: that was looked at before anything else.
      const checks = { expectedState: oauth.skipStateCheck, pkceCodeVerifier: verifier } as const
      const tokens = readTokens(await oauth.authorizationCodeGrant(configuration, answer, checks))
      return { outcome: 'connected', tokens, label: await nameOf(way, tokens.accessToken) }
    } catch (error) {
      return failureOf(error)
    }
  }

  async function renew(way: CheckWay, refreshToken: string): Promise<RenewedAccount> {
    try {
      const configuration = await configure(way)
      const tokens = readTokens(await oauth.refreshTokenGrant(configuration, refreshToken))
      return { outcome: 'renewed', tokens }
    } catch (error) {
      const isDead = error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant'
      return { outcome: isDead ? 'dead' : 'unavailable', says: reasonOf(error) }
    }
  }

  function apply(accessToken: string) {
    return { headers: { [header]: `Bearer ${accessToken}` } }
  }

  /** For people to know it by; that it cannot be had hinders nobody. */
  async function nameOf({ operatorFetch }: CheckWay, accessToken: string): Promise<string | undefined> {
    if (account === undefined) return undefined
    try {
      const headers = { accept: 'application/json', authorization: `Bearer ${accessToken}` }
      const answer = await operatorFetch(account.url, { headers })
      const name = account.accountName
        .split('.')
        .reduce<unknown>((found, member) => Object(found)[member] as unknown, JSON.parse(answer.text))
      return answer.status === 200 && typeof name === 'string' ? name.slice(0, 100) : undefined
    } catch {
      return undefined
    }
  }

  return {
    kind: 'account',
    provider,
    async begin(way, redirectUri) {
      const configuration = await configure(way)
      const verifier = oauth.randomPKCECodeVerifier()
      const location = oauth.buildAuthorizationUrl(configuration, {
        ...options.parameters,
        redirect_uri: redirectUri,
        ...(options.scopes === undefined ? {} : { scope: options.scopes.join(' ') }),
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { location, secret: { verifier } }
    },
    finish,
    renew,
    apply,
  }
}

function authenticationOf({ clientSecret, tokenEndpointAuthMethod }: UpstreamOauthOptions): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None()
  return tokenEndpointAuthMethod === 'client_secret_basic'
    ? oauth.ClientSecretBasic(clientSecret)
    : oauth.ClientSecretPost(clientSecret)
}

function readTokens(answer: oauth.TokenEndpointResponse): AccountTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresInSeconds } = answer
  return { accessToken, refreshToken, expiresInSeconds }
}

function refuseMistakes(options: UpstreamOauthOptions): void {
  const { issuer, authorizationEndpoint, tokenEndpoint, header = 'Authorization', account } = options
  const hasEndpoints = authorizationEndpoint !== undefined && tokenEndpoint !== undefined
  if ((issuer === undefined) !== hasEndpoints)
    throw new TypeError('give either an issuer, or an authorizationEndpoint and a tokenEndpoint')
  for (const url of [issuer, authorizationEndpoint, tokenEndpoint, account?.url])
    if (url !== undefined) refuseInsecureUrl(url)
  if (!ownHeader(header)) throw new TypeError(`${header} is a header of the protocol, and set by Postern`)
  refuseOwnParameters(options.parameters)
}
