/** Tokens where they must not open anything: one that was asked for another server, and one in the address (RFC 8707 §2, RFC 6750 §2.3). */

import { hasResponse, jsonOf } from '../examination.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { exchange, obtainCode } from './code-exchange.ts'
import { initializeRequest } from './knocks.ts'

export const tokenMisuse: Probe = {
  name: 'token-misuse',
  title: 'A token that was asked for another server, and one in the address',
  stage: 'security',
  effects: 'signs in once more, and sends its own token in an address; gives back what it gets',
  isIntrusive: true,
  cannotRun(bench) {
    if (!bench.grant.isOwn || bench.grant.tokens === undefined) return 'nobody signed in'
    return bench.client === undefined ? 'no client is known' : undefined
  },
  async run(bench) {
    const inAddress = new URL(bench.url)
    inAddress.searchParams.set('access_token', bench.grant.tokens?.accessToken ?? '')
    await bench.watch('in-address', initializeRequest(inAddress.href, {}), hasResponse)
    await useForeignToken(bench)
  },
}

/** No server has this name (RFC 2606 §3). */
export const otherServer = 'https://other-server.example/mcp'

async function useForeignToken(bench: ProbeBench): Promise<void> {
  const obtained = await obtainCode(bench, 'sign-in', { resource: otherServer })
  if (obtained === undefined) return
  const answer = await exchange(bench, 'foreign', obtained.code, obtained.verifier, { resource: otherServer })
  const token = answer?.status === 200 ? jsonOf({ responseBody: answer.text })?.access_token : undefined
  if (typeof token !== 'string') return
  const request = initializeRequest(bench.url, { Authorization: `Bearer ${token}` })
  await bench.watch('foreign-used', request, hasResponse)
}
