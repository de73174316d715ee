/** The authorization request of the walk once more, with one thing about it changed: which parameter is refused, and how refusals come back (OAuth 2.1 §4.1.2.1). */

import { authorizationUrl, factsOf, isRefusedRequest, navigation } from '../oauth-requests.ts'
import type { Probe, ProbeBench } from '../probe.ts'

export const authorizationRequests: Probe = {
  name: 'authorization-requests',
  title: 'The authorization request with one parameter changed',
  stage: 'authorize',
  effects: undefined,
  isIntrusive: false,
  cannotRun(bench) {
    if (bench.client === undefined) return 'no client is known'
    return urlOf(bench) === undefined ? 'no authorization endpoint is known' : undefined
  },
  run: askOtherwise,
}

async function askOtherwise(bench: ProbeBench): Promise<void> {
  const asAsked = await ask(bench, 'as-asked', {})
  await ask(bench, 'wrong-type', { response_type: 'postern-knows-no-such-type' })
  if (!asAsked) return
  await ask(bench, 'without-resource', { resource: undefined })
  await ask(bench, 'without-prompt', { prompt: undefined })
  await ask(bench, 'without-scope', { scope: undefined })
}

/** True when it was refused. */
async function ask(
  bench: ProbeBench,
  label: string,
  changes: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const url = urlOf(bench, changes)
  const answer = url === undefined ? undefined : await bench.send(label, navigation(url))
  if (url === undefined || answer === undefined) return false
  const responseHeaders = Object.fromEntries(answer.headers)
  return isRefusedRequest({ url, status: answer.status, responseHeaders })
}

function urlOf(
  bench: ProbeBench,
  changes: Readonly<Record<string, string | undefined>> = {},
): string | undefined {
  const { client } = bench
  return authorizationUrl(bench, factsOf(bench), {
    client_id: client?.clientId,
    redirect_uri: client?.redirectUri,
    ...changes,
  })
}
