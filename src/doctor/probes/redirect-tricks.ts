/** Sign-ins that would end at an address that nobody registered, as an attacker asks for them (OAuth 2.1 §4.1.1: exact comparison). */

import { parseUrl } from '../../platform/url.ts'
import { authorizationUrl, factsOf, navigation } from '../oauth-requests.ts'
import type { Probe, ProbeBench } from '../probe.ts'

export const redirectTricks: Probe = {
  name: 'redirect-tricks',
  title: 'Sign-ins that would end at an address that nobody registered',
  stage: 'security',
  effects: 'tries, three times, to sign in where the code would go to a wrong address; it is not sent there',
  isIntrusive: true,
  cannotRun(bench) {
    if (!bench.grant.isOwn || bench.grant.tokens === undefined) return 'nobody signed in'
    if (bench.client === undefined) return 'no client is known'
    return undefined
  },
  async run(bench) {
    const registered = bench.client?.redirectUri
    if (registered === undefined) return
    for (const [label, redirectUri] of Object.entries(tricksOn(registered))) {
      await tryRedirect(bench, label, redirectUri)
    }
  },
}

/** Nobody can register it (RFC 2606 §3): a code that is sent there is lost, not stolen. */
export const attackersHost = 'attacker.example'

/** Each passes one careless comparison: none at all, by beginning, by what stands before `@`. */
function tricksOn(registered: string): Record<string, string> {
  const { host, pathname } = new URL(registered)
  return {
    foreign: `https://${attackersHost}/callback`,
    'longer-host': `https://${host}.${attackersHost}${pathname}`,
    'user-in-host': `https://${host}@${attackersHost}${pathname}`,
  }
}

/** The browser stops where the code would go. Only what is not refused at once is followed through the sign-in. */
async function tryRedirect(bench: ProbeBench, label: string, redirectUri: string): Promise<void> {
  const url = authorizationUrl(bench, factsOf(bench), {
    client_id: bench.client?.clientId,
    redirect_uri: redirectUri,
  })
  if (url === undefined) return
  const answer = await bench.send(label, navigation(url))
  const location = parseUrl(answer?.headers.get('location') ?? '')
  const isOver = answer === undefined || answer.status >= 400 || answersClient(location)
  if (!isOver) await bench.visit(`${label} signed in`, url, redirectUri)
}

/** Whatever it says, and to whomever: the authorization server has decided. */
export function answersClient(location: URL | undefined): boolean {
  return location !== undefined && ['code', 'error'].some((name) => location.searchParams.has(name))
}
