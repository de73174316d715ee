/** Codes of grants that are made for it, exchanged as an attacker would: with a wrong verifier, and a second time (RFC 7636 §4.6, OAuth 2.1 §4.1.3). */

import type { WireAnswer } from '../../client/wire.ts'
import { formatCodeChallenge } from '../../oauth/pkce.ts'
import { encodeBase64Url } from '../../platform/crypto.ts'
import { authorizationUrl, factsOf, tokenRequest } from '../oauth-requests.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { tokenEndpointOf } from './renewal.ts'

export const codeExchange: Probe = {
  name: 'code-exchange',
  title: 'A code with a wrong verifier, and a code used twice',
  stage: 'security',
  effects: 'signs in twice more, and gives back what it gets',
  isIntrusive: true,
  cannotRun(bench) {
    if (!bench.grant.isOwn || bench.grant.tokens === undefined) return 'nobody signed in'
    if (bench.client === undefined) return 'no client is known'
    return tokenEndpointOf(bench) === undefined ? 'no token endpoint is known' : undefined
  },
  async run(bench) {
    const unproven = await obtainCode(bench, 'unproven')
    if (unproven !== undefined) {
      const wrong = encodeBase64Url(bench.random(32))
      await exchange(bench, 'wrong-verifier', unproven.code, wrong)
    }
    const used = await obtainCode(bench, 'used', { verifierBytes: otherVerifierBytes(bench) })
    if (used === undefined) return
    await exchange(bench, 'right-verifier', used.code, used.verifier)
    await exchange(bench, 'code-again', used.code, used.verifier)
  },
}

/** Claude's clients differ in this: 32 bytes make 43 characters, 96 make 128, the least and the most of RFC 7636 §4.1. */
export function otherVerifierBytes({ surface }: ProbeBench): number {
  return surface.authorization.verifierBytes === 96 ? 32 : 96
}

export interface ObtainedCode {
  code: string
  verifier: string
}

/** Signs in once more where the walk did, up to the code. */
export async function obtainCode(
  bench: ProbeBench,
  label: string,
  how: { verifierBytes?: number; challenge?: (verifier: string) => string; resource?: string } = {},
): Promise<ObtainedCode | undefined> {
  const { client, surface } = bench
  const facts = factsOf(bench)
  if (client === undefined || facts.authorization === undefined) return undefined
  const { verifierBytes = surface.authorization.verifierBytes, challenge = formatCodeChallenge } = how
  const verifier = encodeBase64Url(bench.random(verifierBytes))
  const url = authorizationUrl(bench, facts, {
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    code_challenge: challenge(verifier),
    ...(how.resource === undefined ? {} : { resource: how.resource }),
  })
  if (url === undefined) return undefined
  const landed = await bench.visit(label, url, client.redirectUri)
  const code = landed?.searchParams.get('code') ?? undefined
  return code === undefined ? undefined : { code, verifier }
}

/** As the walk sent it, with other values; `undefined` leaves a parameter out. To where the walk sent its code, and nowhere else. */
export async function exchange(
  bench: ProbeBench,
  label: string,
  code: string,
  verifier: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<WireAnswer | undefined> {
  const { client } = bench
  const { token, authorization } = factsOf(bench)
  if (token === undefined || client === undefined) return undefined
  const fields = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    client_id: client.clientId,
    client_secret: client.clientSecret,
    redirect_uri: client.redirectUri,
    resource: new URL(authorization?.url ?? token.url).searchParams.get('resource') ?? undefined,
    ...changes,
  }
  return bench.send(label, tokenRequest(bench, token.url, fields))
}
