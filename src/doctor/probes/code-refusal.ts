/** Why a fresh code was refused: signs in again and changes one thing each time, until the code is taken (RFC 7636 §4.6, RFC 8707 §2.2, RFC 6749 §4.1.3). */

import type { WireAnswer } from '../../client/wire.ts'
import { formatCodeChallenge } from '../../oauth/pkce.ts'
import { sha256 } from '../../platform/crypto.ts'
import { factsOf, gaveTokens, tokenErrorOf } from '../oauth-requests.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { exchange, obtainCode, otherVerifierBytes } from './code-exchange.ts'

export const codeRefusal: Probe = {
  name: 'code-refusal',
  title: 'What mends a refused code',
  stage: 'token',
  effects: 'signs in again, up to nine times, and gives back what it gets',
  isIntrusive: true,
  cannotRun(bench) {
    const { token } = factsOf(bench)
    if (token === undefined || bench.grant.tokens !== undefined) return 'no code was refused'
    if (bench.client === undefined) return 'no client is known'
    return mendable.includes(tokenErrorOf(token) ?? '') ? undefined : 'the refusal is of another kind'
  },
  async run(bench) {
    for (const trial of trialsOf(bench)) if (await isTaken(bench, trial)) return
  },
}

const mendable = ['invalid_grant', 'invalid_request', 'invalid_target']
/** For a code that another instance knows. */
const repetitions = 2

interface Trial {
  label: string
  verifierBytes?: number
  challenge?: (verifier: string) => string
  changes?: Readonly<Record<string, string | undefined>>
  repeats?: boolean
}

function trialsOf(bench: ProbeBench): Trial[] {
  const redirectUri = bench.client?.redirectUri ?? ''
  const { authorization } = factsOf(bench)
  const resource = new URL(authorization?.url ?? bench.url).searchParams.get('resource')
  return [
    { label: 'again', repeats: true },
    { label: 'other-length', verifierBytes: otherVerifierBytes(bench) },
    { label: 'plain', verifierBytes: 32, challenge: (verifier) => verifier },
    { label: 'padded', verifierBytes: 32, challenge: (verifier) => `${formatCodeChallenge(verifier)}=` },
    { label: 'hex', verifierBytes: 32, challenge: hexChallenge },
    { label: 'encoded-redirect', changes: { redirect_uri: encodeURIComponent(redirectUri) } },
    { label: 'without-redirect', changes: { redirect_uri: undefined } },
    ...(resource === null
      ? []
      : [
          { label: 'without-resource', changes: { resource: undefined } },
          { label: 'other-slash', changes: { resource: withOtherSlash(resource) } },
        ]),
  ]
}

async function isTaken(bench: ProbeBench, trial: Trial): Promise<boolean> {
  const { label, changes, repeats } = trial
  const obtained = await obtainCode(bench, `${label}, signed in`, trial)
  if (obtained === undefined) return false
  const { code, verifier } = obtained
  let answer = await exchange(bench, label, code, verifier, changes)
  for (let count = 1; repeats === true && count <= repetitions && !tookCode(answer); count++) {
    answer = await exchange(bench, `repeated ${count}`, code, verifier, changes)
  }
  return tookCode(answer)
}

function tookCode(answer: WireAnswer | undefined): boolean {
  return gaveTokens({ status: answer?.status, responseBody: answer?.text })
}

function hexChallenge(verifier: string): string {
  return Array.from(sha256(verifier), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function withOtherSlash(resource: string): string {
  return resource.endsWith('/') ? resource.slice(0, -1) : `${resource}/`
}
