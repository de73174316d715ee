/** How long what was given lasts (OAuth 2.1 §3.2.3): long enough to be used. */

import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import { jsonOf } from '../examination.ts'

/** Hosted Claude renews 300 s ahead; several stores refuse records that live shorter than this. */
const shortestSeconds = 60

export const lifetimes: readonly Check[] = [
  {
    id: 'lifetime-too-short',
    title: 'The access token lives for less than a minute',
    stage: 'staying',
    rank: 60,
    severity: 'warning',
    source: 'https://claude.com/docs/connectors/building/authentication',
    claude: 'Renews before nearly every request, because it does so five minutes ahead.',
    clients: everyClient,
    party: 'authorization-server',
    fix: { general: 'Let access tokens live for an hour, and no shorter than ten minutes.' },
    judge: ({ facts: { token } }) => {
      const seconds = token?.status === 200 ? jsonOf(token)?.expires_in : undefined
      if (typeof seconds !== 'number') return notApplicable('no lifetime was told')
      return seconds > 0 && seconds < shortestSeconds ? violated(`expires_in is ${seconds}`, token) : passed
    },
  },
]
