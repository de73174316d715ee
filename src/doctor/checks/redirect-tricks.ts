/** Whether a code goes nowhere but to a registered address (OAuth 2.1 §4.1.1). */

import { parseUrl } from '../../platform/url.ts'
import { type Check, everyClient, passed, violated } from '../check.ts'
import { type Exchange, isRedirect, probeOf, quoted } from '../examination.ts'
import { unasked } from '../probe-answers.ts'
import { answersClient, attackersHost } from '../probes/redirect-tricks.ts'

export const redirectTricks: readonly Check[] = [
  {
    id: 'redirect-not-compared',
    title: 'The sign-in ends at an address that nobody registered',
    stage: 'security',
    rank: 10,
    severity: 'error',
    source: 'OAuth 2.1 §4.1.1',
    claude: 'Works; but a link can be made that gives the code of whoever follows it to a stranger.',
    clients: everyClient,
    party: 'authorization-server',
    fix: {
      general:
        'Compare `redirect_uri` with the registered ones as whole strings (only the port of a loopback address may differ), and answer with a page, never a redirect, when it is none of them.',
    },
    judge: (examination) => {
      const exchanges = probeOf(examination, 'redirect-tricks')?.exchanges ?? []
      if (exchanges.length === 0) return unasked(examination, 'redirect-tricks', 'nobody signed in')
      const followed = exchanges.find(isFollowed)
      return followed === undefined
        ? passed
        : violated(
            `it redirects to ${quoted(new URL(followed.responseHeaders.location ?? '').origin)}`,
            followed,
          )
    },
  },
]

/** With an answer for the client in it: be it an error, anybody can have people redirected. */
function isFollowed(exchange: Exchange): boolean {
  const target = parseUrl(exchange.responseHeaders.location ?? '')
  if (!isRedirect(exchange) || target === undefined || !answersClient(target)) return false
  return target.hostname === attackersHost || target.hostname.endsWith(`.${attackersHost}`)
}
