/** The URL as it was typed: what it gives away, and which transport Claude reads out of it (claude.com connector pages, 2026-09). */

import { type Check, passed, violated, warning } from '../check.ts'
import { everyExchange, rpcOf } from '../examination.ts'
import { endsInSse } from '../facts.ts'

const shared = { stage: 'reach', severity: 'error', party: 'set-up' } as const

export const typedUrl: readonly Check[] = [
  {
    ...shared,
    id: 'token-in-url',
    title: 'The URL carries a credential in its query',
    rank: 11,
    source: 'https://claude.com/docs/connectors/building/authentication',
    claude:
      'Does not take it: a URL is logged on its whole way, shown to whoever sees the connector, and the same for everybody who uses it.',
    clients: ['hosted', 'messages-api'],
    fix: {
      general:
        'Take the credential out of the URL: sign people in by OAuth, or type it as a request header under Advanced settings.',
    },
    judge: ({ url }) => {
      const names = [...new URL(url).searchParams.keys()].filter((name) => credentialNames.test(name))
      return names.length === 0 ? passed : violated(`the query has ${names.join(', ')}`)
    },
  },
  {
    ...shared,
    id: 'url-ends-in-sse',
    title: 'The URL ends in /sse, which makes Claude speak the old transport',
    rank: 45,
    source: 'https://claude.com/docs/connectors/building',
    claude:
      'Opens an event stream with GET and waits for the address to post to, as in 2024; it does not POST here.',
    clients: ['hosted', 'messages-api'],
    fix: {
      general:
        'Serve Streamable HTTP under a path that does not end in /sse, for example /mcp, and type that; or choose the transport under Advanced settings.',
      frameworks: {
        fastmcp: '`mcp.run(transport="http")` serves /mcp; `transport="sse"` is the old transport.',
      },
    },
    judge: (examination) => {
      const { url, facts } = examination
      if (!endsInSse(url)) return passed
      if (facts.speaksOldTransport)
        return warning('the old transport is spoken here, and deprecated since 2025-03')
      const here = everyExchange(examination).filter((exchange) => exchange.url === url)
      const refused = here.find(({ method, status }) => method === 'GET' && status === 405)
      const spoken = here.find(
        (exchange) => exchange.method === 'POST' && rpcOf(exchange)?.result !== undefined,
      )
      return refused === undefined && spoken === undefined
        ? warning('whether the old transport is spoken here was not seen')
        : violated('GET opens no event stream here', refused, spoken)
    },
  },
]

/** What is called so is meant to be kept secret. */
const credentialNames =
  /^(?:(?:access|auth|bearer|api|id|session|user|personal)?[-_]?(?:token|key|secret)|jwt|password|passwd|pwd|authorization|credentials?)$/i
