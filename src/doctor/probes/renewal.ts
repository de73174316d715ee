/** Renews the tokens of the run's own grant, then shows the old refresh token once more, as a client that lost the answer does (OAuth 2.1 §4.3). */

import type { RememberedTokens } from '../../client/connection-state.ts'
import { isSafeEndpoint } from '../../client/safe-endpoint.ts'
import type { WireAnswer, WireRequest } from '../../client/wire.ts'
import { type Document, hasResponse, jsonOf, probed } from '../examination.ts'
import { tokenRequest } from '../oauth-requests.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { initializeRequest } from './knocks.ts'

export const renewal: Probe = {
  name: 'renewal',
  title: 'Renewal, the same refresh token again, and one of nobody',
  stage: 'staying',
  effects: 'renews the tokens of the sign-in that was just made',
  isIntrusive: true,
  cannotRun(bench) {
    if (bench.grant.tokens?.refreshToken === undefined) return 'there is no refresh token'
    if (!bench.grant.isOwn) return 'the token belongs to somebody'
    return tokenEndpointOf(bench) === undefined ? 'no token endpoint is known' : undefined
  },
  run: renewTwice,
}

async function renewTwice(bench: ProbeBench): Promise<void> {
  const { tokens } = bench.grant
  const endpoint = tokenEndpointOf(bench)
  if (tokens?.refreshToken === undefined || endpoint === undefined) return
  const answer = await bench.send('renew', refreshRequest(bench, endpoint, tokens.refreshToken))
  bench.grant.tokens = renewed(tokens, answer)
  const isRenewed = bench.grant.tokens.accessToken !== tokens.accessToken
  if (isRenewed) {
    const request = initializeRequest(bench.url, {
      Authorization: `Bearer ${bench.grant.tokens.accessToken}`,
    })
    await bench.watch('call-renewed', request, hasResponse)
  }
  await bench.send('renew-again', refreshRequest(bench, endpoint, tokens.refreshToken))
  await bench.send('renew-with-nobodys', refreshRequest(bench, endpoint, 'not-a-refresh-token-of-anybody'))
}

/** As hosted Claude sends it: everything in the body. */
export function refreshRequest(bench: ProbeBench, url: string, refreshToken: string): WireRequest {
  const { grant, client, surface } = bench
  const fields = {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: client?.clientId,
    client_secret: client?.clientSecret,
    resource: grant.tokens?.resource,
  }
  return tokenRequest(bench, url, fields, { 'User-Agent': surface.userAgents.otherwise })
}

export function tokenEndpointOf(bench: ProbeBench): string | undefined {
  const endpoint = issuerMetadataOf(bench)?.token_endpoint
  return typeof endpoint === 'string' && isSafeEndpoint(endpoint) ? endpoint : undefined
}

/** Of the issuer that gave the tokens; what it gave is shown to nobody else. */
export function issuerMetadataOf({ earlier: probes, grant }: ProbeBench): Document | undefined {
  return ['issuer-oauth', 'issuer-openid', 'issuer-openid-appended']
    .map((label) => jsonOf(probed({ probes }, 'metadata', label)))
    .find((document) => document !== undefined && document.issuer === grant.tokens?.issuer)
}

/** The tokens of the answer in place of the old ones, where it has some. */
export function renewed(tokens: RememberedTokens, answer: WireAnswer | undefined): RememberedTokens {
  const body = answer?.status === 200 ? jsonOf({ responseBody: answer.text }) : undefined
  if (typeof body?.access_token !== 'string') return tokens
  const next = typeof body.refresh_token === 'string' ? body.refresh_token : tokens.refreshToken
  return { ...tokens, accessToken: body.access_token, refreshToken: next }
}
