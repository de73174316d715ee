/** Codes of grants that are made for it, exchanged as an attacker would: with a wrong verifier, and a second time (RFC 7636 §4.6, OAuth 2.1 §4.1.3). */

import { formatCodeChallenge } from '../../oauth/pkce.ts'
import { encodeBase64Url } from '../../platform/crypto.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { issuerMetadataOf, tokenEndpointOf } from './renewal.ts'

export const codeExchange: Probe = {
  name: 'code-exchange',
  title: 'A code with a wrong verifier, and a code used twice',
  stage: 'security',
  effects: 'signs in twice more, and spends both grants',
  isIntrusive: true,
  cannotRun(bench) {
    if (!bench.grant.isOwn || bench.grant.tokens === undefined) return 'nobody signed in'
    if (bench.client === undefined) return 'no client is known'
    return tokenEndpointOf(bench) === undefined ? 'no token endpoint is known' : undefined
  },
  async run(bench) {
    const unproven = await obtainCode(bench, 'unproven')
    if (unproven !== undefined)
      await exchange(bench, 'wrong-verifier', unproven.code, encodeBase64Url(bench.random(32)))
    const used = await obtainCode(bench, 'used')
    if (used === undefined) return
    await exchange(bench, 'right-verifier', used.code, used.verifier)
    await exchange(bench, 'code-again', used.code, used.verifier)
  },
}

async function obtainCode(
  bench: ProbeBench,
  label: string,
): Promise<{ code: string; verifier: string } | undefined> {
  const { client, grant } = bench
  const endpoint = issuerMetadataOf(bench)?.authorization_endpoint
  if (client === undefined || typeof endpoint !== 'string' || !URL.canParse(endpoint)) return undefined
  const verifier = encodeBase64Url(bench.random(32))
  const url = new URL(endpoint)
  const parameters = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    state: encodeBase64Url(bench.random(32)),
    code_challenge: await formatCodeChallenge(verifier),
    code_challenge_method: 'S256',
    scope: grant.tokens?.scope,
    resource: grant.tokens?.resource,
  }
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.set(name, value)
  const landed = await bench.visit(label, url.href, client.redirectUri)
  const code = landed?.searchParams.get('code')
  return code === null || code === undefined ? undefined : { code, verifier }
}

async function exchange(bench: ProbeBench, label: string, code: string, verifier: string): Promise<void> {
  const endpoint = tokenEndpointOf(bench)
  const { client, grant } = bench
  if (endpoint === undefined || client === undefined) return
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
  })
  if (client.clientSecret !== undefined) body.set('client_secret', client.clientSecret)
  if (grant.tokens?.resource !== undefined) body.set('resource', grant.tokens.resource)
  await bench.send(label, {
    method: 'POST',
    url: endpoint,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
    body: body.toString(),
  })
}
