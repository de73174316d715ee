/** A second sign-in of the same person and client, as a second device makes it: the first goes on (one client id is shared by all of them). */

import type { WireAnswer } from '../../client/wire.ts'
import { hasResponse } from '../examination.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { exchange, obtainCode } from './code-exchange.ts'
import { initializeRequest } from './knocks.ts'
import { renewed, tokenEndpointOf } from './renewal.ts'

export const secondSignIn: Probe = {
  name: 'second-sign-in',
  title: 'The first sign-in after a second one',
  stage: 'staying',
  effects: 'signs in once more, and gives back what it gets',
  isIntrusive: true,
  cannotRun(bench) {
    if (!bench.grant.isOwn || bench.grant.tokens === undefined) return 'nobody signed in'
    if (bench.client === undefined) return 'no client is known'
    return tokenEndpointOf(bench) === undefined ? 'no token endpoint is known' : undefined
  },
  async run(bench) {
    await call(bench, 'first-before')
    const obtained = await obtainCode(bench, 'sign-in')
    if (obtained === undefined) return
    const second = await exchange(bench, 'second', obtained.code, obtained.verifier)
    const first = await call(bench, 'first-after')
    // What comes later needs a token that works.
    if (first?.status === 401 && bench.grant.tokens !== undefined)
      bench.grant.tokens = renewed(bench.grant.tokens, second)
  },
}

function call(bench: ProbeBench, label: string): Promise<WireAnswer | undefined> {
  const own = { Authorization: `Bearer ${bench.grant.tokens?.accessToken}` }
  return bench.watch(label, initializeRequest(bench.url, own), hasResponse)
}
