/** What stands before a server and judges programs: user agents, bot challenges, pages where JSON is due (claude-ai-mcp issues 49, 279 and 336). */

import { type Check, couldNotRun, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, everyExchange, isHtml, outcomeOf, probed } from '../examination.ts'

export const edge: readonly Check[] = [
  {
    id: 'agent-refused',
    title: 'Claude’s user agents are refused where others pass',
    stage: 'reach',
    rank: 25,
    severity: 'error',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/49',
    claude:
      'Gets 403 from the edge, which the server never sees; often only after sign-in, so that it looks like a token fault.',
    seen: 'Couldn’t reach the MCP server',
    clients: ['hosted', 'messages-api'],
    party: 'edge',
    fix: {
      general:
        'Make an exception for the MCP path, the OAuth paths and /.well-known/* in whatever filters bots; never filter by user agent there.',
      frameworks: {
        cloudflare:
          'Security > Bots: turn off “Block AI bots” and Bot Fight Mode, or add a WAF skip rule for these paths; wait two minutes.',
        vercel: 'Firewall > Bot Management: set AI bots to allow, and add a bypass rule for these paths.',
      },
    },
    judge: (examination) => judgeAgents(examination),
  },
  {
    id: 'bot-challenge',
    title: 'A bot check is shown where JSON is due',
    stage: 'reach',
    rank: 22,
    severity: 'error',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/279',
    claude: 'Cannot pass a check that is made for browsers, and finds no metadata.',
    clients: ['hosted', 'messages-api', 'code'],
    party: 'edge',
    fix: {
      general: 'Except the MCP path, the OAuth paths and /.well-known/* from the challenge.',
      frameworks: {
        cloudflare:
          'Add a WAF custom rule with the action Skip for these paths; “Under Attack” mode must not cover them.',
        vercel: 'Attack Challenge Mode: add a bypass rule for these paths.',
      },
    },
    judge: (examination) => {
      const challenged = everyExchange(examination).find(isBotChallenge)
      return challenged === undefined
        ? passed
        : violated(
            `${challenged.method} ${new URL(challenged.url).pathname}: ${outcomeOf(challenged)}, a bot check`,
            challenged,
          )
    },
  },
]

function judgeAgents(examination: Examination): ReturnType<Check['judge']> {
  const neutral = probed(examination, 'knocks', 'curl')
  if (neutral?.status === undefined) return couldNotRun('nothing answered a neutral program')
  const refused = ['httpx', 'claude']
    .map((label) => probed(examination, 'knocks', label))
    .find((exchange) => exchange !== undefined && isRefused(exchange) && !isRefused(neutral))
  if (isRefused(neutral)) return notApplicable('every program is refused')
  if (refused === undefined) return passed
  const agent = refused.requestHeaders['User-Agent'] ?? 'no user agent'
  return violated(`${agent}: ${outcomeOf(refused)}; curl: ${outcomeOf(neutral)}`, refused, neutral)
}

function isRefused({ status }: Exchange): boolean {
  return status === undefined || status === 403 || status === 406 || status === 429 || status >= 500
}

export function isBotChallenge(exchange: Exchange): boolean {
  if (exchange.responseHeaders['cf-mitigated'] === 'challenge') return true
  if (!isHtml(exchange)) return false
  return /Vercel Security Checkpoint|Just a moment\.\.\.|cf-chl-|DDoS protection/i.test(
    exchange.responseBody ?? '',
  )
}
