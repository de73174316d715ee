/** The status of the answer to a knock without a token: 401, or an answer in MCP from a server that needs none (MCP 2025-11-25 token handling). */

import { type Check, couldNotRun, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Exchange, isRedirect, outcomeOf, rpcOf } from '../examination.ts'

const shared = {
  stage: 'first-answer',
  severity: 'error',
  source: 'MCP 2025-11-25 token handling',
  clients: everyClient,
  party: 'server',
} as const

type StatusFault = Pick<Check, 'id' | 'title' | 'claude' | 'fix' | 'rank'> &
  Partial<Pick<Check, 'stage' | 'consequenceOf'>> & { isFault(answer: Exchange): boolean }

const statuses: readonly StatusFault[] = [
  {
    id: 'no-answer',
    stage: 'reach',
    rank: 30,
    consequenceOf: [
      'name-unknown',
      'certificate-chain-incomplete',
      'certificate-not-trusted',
      'certificate-expired',
      'certificate-wrong-name',
      'tls-refused',
    ],
    title: 'The server does not answer at all',
    claude: 'Waits, then gives up before any sign-in.',
    fix: {
      general:
        'See that the process runs, listens on this address, and answers each request within 10 seconds.',
    },
    isFault: ({ status }) => status === undefined,
  },
  {
    id: 'forbidden-without-token',
    rank: 20,
    title: 'Without a token the server answers 403 instead of 401',
    claude: 'Takes 403 as final, and never begins to sign in.',
    fix: {
      general:
        'Answer 401 with a Bearer challenge when the token is missing or not valid; 403 is for a token that is valid but not enough.',
      frameworks: {
        spring:
          'Set an `AuthenticationEntryPoint`: `BearerTokenAuthenticationEntryPoint`; the default is 403.',
        'api-gateway': 'A missing token must give the gateway’s UNAUTHORIZED response, not ACCESS_DENIED.',
      },
    },
    consequenceOf: [
      'address-refused',
      'agent-refused',
      'bot-challenge',
      'host-not-allowed',
      'bare-path-not-routed',
    ],
    isFault: ({ status }) => status === 403,
  },
  {
    id: 'endpoint-not-found',
    rank: 21,
    title: 'There is no MCP endpoint at this URL',
    claude: 'Says that no MCP server was found.',
    fix: { general: 'Type the URL under which the server is mounted (often with /mcp), or mount it there.' },
    consequenceOf: ['bare-path-not-routed', 'legacy-sse-at-url'],
    isFault: ({ status }) => status === 404 || status === 405,
  },
  {
    id: 'knock-redirected',
    rank: 22,
    title: 'The first request is redirected',
    claude: 'A POST that is redirected arrives as a GET and without its body or token; nothing comes of it.',
    fix: {
      general:
        'Answer on the very URL that was typed, with and without the final slash; a missing token is 401, not a redirect to a login page.',
      frameworks: {
        fastmcp: 'Starlette: `redirect_slashes=False`.',
        apache: '`DirectorySlash Off` for this location.',
        cloudflare:
          'Cloudflare Access redirects to its login page: add a bypass policy for the MCP path and /.well-known/*.',
      },
    },
    consequenceOf: ['redirected-to-other-host', 'login-page-instead-of-401'],
    isFault: isRedirect,
  },
  {
    id: 'knock-server-error',
    rank: 23,
    title: 'Without a token the server fails with 5xx',
    claude: 'Says that the server returned an error, and never begins to sign in.',
    fix: { general: 'Check the token before anything else, and answer 401 when there is none.' },
    isFault: ({ status }) => status !== undefined && status >= 500,
  },
]

/** What a server without sign-in, or one that does not know `server/discover`, may say. */
export const firstStatus: readonly Check[] = statuses.map(({ isFault, ...check }) => ({
  ...shared,
  ...check,
  judge: (examination) => {
    const asked = examination.facts.initialize
    if (examination.facts.speaksOldTransport) return notApplicable('nothing is posted to this URL')
    if (asked === undefined) return couldNotRun('nothing was sent')
    if (rpcOf(asked)?.result !== undefined) return passed
    return isFault(asked) ? violated(`initialize without a token: ${outcomeOf(asked)}`, asked) : passed
  },
}))
