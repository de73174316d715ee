/** Requests that differ only in what must make no difference: their Origin, their Accept, their arguments, and that several come at once. */

import { type Check, everyClient, passed, violated } from '../check.ts'
import type { Exchange } from '../examination.ts'
import { outcomeOf, probeOf, quoted, rpcOf } from '../examination.ts'
import { inSession, isAnswered, requestOf } from '../protocol-facts.ts'

const shared = { stage: 'protocol', severity: 'error', clients: everyClient, party: 'server' } as const

export const requests: readonly Check[] = [
  {
    ...shared,
    id: 'claude-origin-refused',
    title: 'Requests with the Origin of claude.ai are refused',
    rank: 20,
    source: 'https://github.com/SocketDev/socket-mcp/issues/214',
    claude: 'Sends `Origin: https://claude.ai` from some of its apps, and is refused there.',
    clients: ['hosted'],
    fix: {
      general:
        'Let `https://claude.ai` and `https://claude.com` pass the check of Origin, and requests that have none.',
      frameworks: {
        express:
          '`allowedOrigins` of the transport, or none with `enableDnsRebindingProtection: false` behind a public name.',
      },
    },
    judge: inSession('origin-claude', (answer) => {
      return isAnswered(answer) ? passed : violated(`Origin: https://claude.ai: ${outcomeOf(answer)}`, answer)
    }),
  },
  {
    ...shared,
    id: 'arguments-filtered',
    title: 'A firewall refuses requests for what stands in their arguments',
    rank: 25,
    source: 'https://github.com/anthropics/claude-code/issues/64384',
    claude: 'Some calls fail with 403, those with SQL, HTML or code in them; the others work.',
    party: 'edge',
    fix: {
      general: 'Take the MCP path out of the inspection of bodies: arguments are texts, not commands.',
      frameworks: {
        cloudflare: 'WAF > Managed rules: an exception for the MCP path (the OWASP rules judge JSON bodies).',
        'api-gateway': 'Exclude the MCP path from the SQLi and XSS rules on the body.',
      },
    },
    judge: inSession('arguments', (answer) => {
      return isAnswered(answer)
        ? passed
        : violated(`a ping with SQL and HTML in its _meta: ${outcomeOf(answer)}`, answer)
    }),
  },
  {
    ...shared,
    id: 'parallel-requests-fail',
    title: 'Requests at the same time disturb each other',
    rank: 35,
    source: 'MCP 2025-11-25 transports, sending messages',
    claude: 'Asks several things at once, and gets errors or the answers of others.',
    fix: {
      general: 'Give each request its own server and transport object, or one for each session.',
      frameworks: {
        express:
          'Create `McpServer` and `StreamableHTTPServerTransport` inside the handler, not once for all.',
        hono: 'Create the server inside the handler, not in the module.',
      },
    },
    judge: (examination) => {
      const alone = inSession('at-once-0', () => passed)(examination)
      if (alone.verdict !== 'passed') return alone
      const together = probeOf(examination, 'protocol')?.exchanges ?? []
      const failed = together.find((exchange) => {
        return exchange.label.startsWith('at-once-') && exchange.status !== 429 && !hasOwnAnswer(exchange)
      })
      if (failed === undefined) return passed
      const sent = quoted(requestOf(failed)?.id)
      const came = isAnswered(failed) ? `the answer to id ${quoted(rpcOf(failed)?.id)}` : outcomeOf(failed)
      return violated(`alone it is answered; of four at once the one of id ${sent} got ${came}`, failed)
    },
  },
  {
    ...shared,
    id: 'any-accept-refused',
    title: 'Accept: */* is refused',
    rank: 60,
    severity: 'warning',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/354',
    claude: 'Names both types where it was seen; other programs and health checks say */*.',
    fix: { general: 'Take `*/*`, and a missing Accept, for both types.' },
    judge: inSession('accept-any', (answer) => {
      return isAnswered(answer) ? passed : violated(`Accept: */*: ${outcomeOf(answer)}`, answer)
    }),
  },
]

function hasOwnAnswer(exchange: Exchange): boolean {
  return isAnswered(exchange) && rpcOf(exchange)?.id === requestOf(exchange)?.id
}
