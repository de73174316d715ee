/** What a server may not check before the token: a client that has none must be told so, whatever else it sends (RFC 6750 §3). */

import { type Check, couldNotRun, everyClient, notApplicable, passed, violated, warning } from '../check.ts'
import { type Examination, type Exchange, outcomeOf, probed, rpcOf } from '../examination.ts'

const shared = {
  stage: 'first-answer',
  severity: 'error',
  clients: everyClient,
  party: 'server',
} as const

const order = 'Check the token before anything else, so that its absence is always 401 with a challenge'

export const checkedBeforeToken: readonly Check[] = [
  {
    ...shared,
    id: 'content-type-refused',
    title: 'The content type is refused before the token is looked at',
    rank: 24,
    source: 'MCP 2025-11-25 transports, sending messages',
    claude: 'Sends `application/json`, is answered 415, and never begins to sign in.',
    fix: { general: `${order}; take \`application/json\` with and without a charset.` },
    judge: withKnock((knock) => (knock.status === 415 ? violated(says(knock), knock) : passed)),
  },
  {
    ...shared,
    id: 'accept-checked-first',
    title: 'The Accept header is judged before the token',
    rank: 25,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/354',
    claude: 'Was seen to knock with `Accept: */*`; answered 406 it never begins to sign in.',
    fix: {
      general: `${order}; \`*/*\` means everything.`,
      frameworks: { express: 'Put `requireBearerAuth` before the route that hands over to the transport.' },
    },
    judge: (examination) => {
      const knock = examination.facts.initialize
      const any = probed(examination, 'knocks', 'accept-any')
      if (knock === undefined || any === undefined) return couldNotRun('nothing was sent')
      if (knock.status === 406) return violated(says(knock), knock)
      if (knock.status !== 401) return notApplicable('the server asks for no token')
      return any.status === 401 ? passed : violated(`with Accept: */* ${outcomeOf(any)}`, any, knock)
    },
  },
  {
    ...shared,
    id: 'session-asked-first',
    title: 'A session is asked for before the token',
    rank: 26,
    source: 'MCP 2025-11-25 session management',
    claude: 'Has no session before the first answer, and never begins to sign in.',
    fix: {
      general: `${order}; no session is needed for \`initialize\`, and none can be had without a token.`,
    },
    judge: withRefusal(/session/i),
  },
  {
    ...shared,
    id: 'version-checked-first',
    title: 'The protocol version is judged before the token',
    rank: 27,
    source: 'MCP 2025-11-25 version negotiation',
    claude: 'Offers its newest version first; told that it is not supported, it never begins to sign in.',
    fix: {
      general: `${order}; and answer \`initialize\` of an unknown version with the newest that you speak, not with an error.`,
    },
    judge: withRefusal(/version/i),
  },
]

function withKnock(judge: (knock: Exchange) => ReturnType<Check['judge']>): Check['judge'] {
  return ({ facts }) => {
    const knock = facts.initialize
    if (knock?.status === undefined) return couldNotRun('there was no answer')
    return rpcOf(knock)?.result === undefined ? judge(knock) : passed
  }
}

/** Told by `initialize` it ends the connection; told by `server/discover` alone it costs a request. */
function withRefusal(named: RegExp): Check['judge'] {
  const isRefusal = ({ status, responseBody }: Exchange): boolean =>
    (status === 400 || status === 404) && named.test(responseBody ?? '')
  return (examination: Examination) => {
    const { initialize: knock } = examination.facts
    if (knock?.status === undefined) return couldNotRun('there was no answer')
    if (!examination.facts.asksForToken && examination.walk.session?.era === 'modern')
      return notApplicable('it speaks 2026-07-28, which has no initialize, and asks for no token')
    if (isRefusal(knock)) return violated(says(knock), knock)
    if (knock.status !== 401) return notApplicable('the server asks for no token')
    const newest = probed(examination, 'knocks', 'discover')
    return newest !== undefined && isRefusal(newest)
      ? warning(`server/discover without a token: ${outcomeOf(newest)}`, newest, knock)
      : passed
  }
}

function says(knock: Exchange): string {
  return `initialize without a token: ${outcomeOf(knock)}, ${JSON.stringify((knock.responseBody ?? '').slice(0, 120))}`
}
