/** Session ids: given, kept, not demanded of those who have none, and refused in a way that tells what to do (MCP 2025-11-25 transports, session management). */

import { type Check, notApplicable, passed, violated, warning } from '../check.ts'
import { type Examination, exchangesOf, outcomeOf, probeOf, rpcOf } from '../examination.ts'
import { unasked } from '../probe-answers.ts'
import { hasSessionId, inSession, openingOf, requestOf, requestsOf } from '../protocol-facts.ts'

const shared = { stage: 'protocol', severity: 'error', party: 'server' } as const
const sessionManagement = 'MCP 2025-11-25 transports, session management'

export const sessions: readonly Check[] = [
  {
    ...shared,
    id: 'session-lost-at-once',
    title: 'The session that was just opened is not known at the next request',
    rank: 12,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/450',
    claude: 'Opens a session, is told 404 for it, and stops.',
    clients: ['hosted', 'code', 'messages-api', 'vscode'],
    fix: {
      general:
        'Keep sessions where every instance finds them, or hold none: answer each request for itself and give no Mcp-Session-Id.',
      frameworks: {
        vercel: 'Each function call may be another instance: use the stateless mode of the transport.',
        express:
          '`new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })`, one for each request.',
        fastmcp: '`stateless_http=True`.',
      },
    },
    judge: (examination) => {
      const given = requestsOf(examination, 'initialize').filter(
        (asked) => 'mcp-session-id' in asked.responseHeaders,
      )
      if (given.length === 0) return notApplicable('no session id was given')
      const lost = usesOfSession(examination).find(({ status }) => status === 404)
      return lost === undefined
        ? passed
        : violated(`${requestOf(lost)?.method} with the id that initialize gave: status 404`, lost)
    },
  },
  {
    ...shared,
    id: 'session-demanded',
    title: 'Requests without a session id are refused',
    rank: 14,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/99',
    claude: 'Sometimes leaves the id out, and connects from several machines of its cloud.',
    clients: ['hosted', 'messages-api'],
    fix: {
      general:
        'Answer requests for themselves, with or without Mcp-Session-Id; where sessions are needed, give an id in the answer to initialize.',
      frameworks: {
        express: '`sessionIdGenerator: undefined` makes the transport stateless.',
        fastmcp: '`stateless_http=True`.',
      },
    },
    judge: (examination) => {
      const opening = openingOf(examination)
      if (opening === undefined) return unasked(examination, 'protocol', 'no session was opened')
      const isGiven = 'mcp-session-id' in opening.responseHeaders
      const asked = usesWithoutSession(examination)
      const refused = asked.find(({ status, responseBody }) => {
        return (status === 400 || status === 404) && /session/i.test(responseBody ?? '')
      })
      if (refused === undefined) return passed
      const told = `${requestOf(refused)?.method} without a session id: ${outcomeOf(refused)}`
      // MCP lets a server demand the id that it gave; that Claude leaves it out is not the server's fault.
      return isGiven ? warning(told, refused) : violated(`${told}; and initialize gave none`, refused)
    },
  },
  {
    ...shared,
    id: 'no-session-id',
    title: 'initialize gives no session id, and this client lists nothing without one',
    rank: 16,
    source: 'https://github.com/losvedir/remote_mcp_auth',
    claude: 'Connects, then never asks for tools; so did the hosted apps of 2025.',
    seen: 'This connector has no tools available',
    clients: ['hosted'],
    fix: {
      general: 'Send an `Mcp-Session-Id` with the answer to initialize; it may mean nothing to the server.',
    },
    judge: (examination) => {
      if (!examination.surface.mcp.needsSessionId) return notApplicable('this client needs none')
      const opened = exchangesOf(examination, 'session', 'probe').filter(
        (exchange) => requestOf(exchange)?.method === 'initialize' && rpcOf(exchange)?.result !== undefined,
      )
      const without = opened.find(({ responseHeaders }) => !('mcp-session-id' in responseHeaders))
      return without === undefined
        ? passed
        : violated('initialize was answered without Mcp-Session-Id', without)
    },
  },
  {
    ...shared,
    id: 'unknown-session-refused',
    title: 'A session id of before a restart is refused in a way that no client can mend',
    rank: 45,
    severity: 'warning',
    source: sessionManagement,
    claude:
      'Uses its id on after the server was restarted; only 404 tells a client to open another session, and the hosted apps were seen not to do even that.',
    clients: ['hosted', 'code', 'messages-api', 'vscode'],
    fix: {
      general:
        'Ignore an Mcp-Session-Id that is not known, or keep sessions over restarts; where neither is possible answer 404.',
      frameworks: { express: 'The usual example answers 400 here: answer 404, or be stateless.' },
    },
    consequenceOf: ['session-lost-at-once'],
    judge: inSession('strange-session', (answer) => {
      const isMendable = answer.status === 404 || (answer.status !== undefined && answer.status <= 299)
      return isMendable ? passed : violated(`a session id of nobody: ${outcomeOf(answer)}`, answer)
    }),
  },
]

/** Of the walk and the probe, only those that carry the id that was given. */
function usesOfSession(examination: Examination): ReturnType<typeof exchangesOf> {
  const byHand = probeOf(examination, 'protocol')?.exchanges ?? []
  return [
    ...exchangesOf(examination, 'probe', 'session', 'lists'),
    ...byHand.filter(({ label }) => label !== 'strange-session'),
  ].filter(({ method, requestHeaders }) => method === 'POST' && hasSessionId(requestHeaders))
}

function usesWithoutSession(examination: Examination): ReturnType<typeof exchangesOf> {
  const byHand = probeOf(examination, 'protocol')?.exchanges ?? []
  const later = ['initialized', 'ping', 'list', 'without-session']
  return byHand.filter(({ label, requestHeaders }) => later.includes(label) && !hasSessionId(requestHeaders))
}
