/** The first request with a token, as other programs send it, and as it must be refused: the commonest fault after sign-in is an edge that judges agents. */

import { hasResponse } from '../examination.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { initializeRequest } from './knocks.ts'

export const authenticated: Probe = {
  name: 'authenticated',
  title: 'The same call with a token from other programs, and with a wrong one',
  stage: 'first-call',
  effects: undefined,
  isIntrusive: false,
  cannotRun: ({ grant }) => (grant.tokens === undefined ? 'there is no token' : undefined),
  run: callDifferently,
}

async function callDifferently(bench: ProbeBench): Promise<void> {
  const token = `Bearer ${bench.grant.tokens?.accessToken}`
  const call = (label: string, headers: Record<string, string>): Promise<unknown> => {
    const request = initializeRequest(bench.url, { Authorization: token, ...headers })
    return bench.watch(label, request, hasResponse)
  }
  await Promise.all([
    call('curl', { 'User-Agent': 'curl/8.7.1' }),
    call('httpx', { 'User-Agent': 'python-httpx/0.28.1' }),
    call('claude', { 'User-Agent': 'Claude-User' }),
    call('wrong-token', { Authorization: 'Bearer not-a-token-of-anybody' }),
  ])
}
