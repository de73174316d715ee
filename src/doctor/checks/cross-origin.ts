/** What a program in a browser, as the Inspector is, has to be allowed: the preflight, and to read metadata from another origin (Fetch §3.3, RFC 9728 §3). */

import { type Check, couldNotRun, passed, violated } from '../check.ts'
import { type Exchange, outcomeOf, probed } from '../examination.ts'
import { browserOrigin } from '../probes/knocks.ts'

const shared = { severity: 'warning', clients: ['inspector'] } as const

export const crossOrigin: readonly Check[] = [
  {
    ...shared,
    id: 'preflight-refused',
    title: 'OPTIONS asks for a token',
    stage: 'first-answer',
    rank: 60,
    source: 'Fetch §3.3.2',
    claude:
      'Is not touched: it asks from a server. The Inspector and other programs in a browser get no further.',
    party: 'server',
    fix: {
      general:
        'Answer OPTIONS with 204 and the CORS headers before the token is checked, and expose `WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version`.',
      frameworks: {
        express:
          '`app.use(cors({ exposedHeaders: ["WWW-Authenticate", "Mcp-Session-Id"] }))` before the token check.',
        spring: '`http.cors(withDefaults())`, and permit OPTIONS.',
      },
    },
    judge: (examination) => {
      const preflight = probed(examination, 'knocks', 'preflight')
      if (preflight?.status === undefined) return couldNotRun('nothing was answered')
      return preflight.status === 401 || preflight.status === 403
        ? violated(`OPTIONS: ${outcomeOf(preflight)}`, preflight)
        : passed
    },
  },
  {
    ...shared,
    id: 'cors-missing',
    title: 'A program in a browser may not read the metadata',
    stage: 'discovery',
    rank: 85,
    source: 'RFC 8414 §3.1',
    claude:
      'Is not touched: it asks from a server. The Inspector and other programs in a browser report a CORS error.',
    party: 'server',
    fix: {
      general:
        'Send `Access-Control-Allow-Origin: *` with the metadata, and answer the preflight of the registration and token endpoints.',
    },
    judge: (examination) => {
      const asked = ['resource-from-browser', 'issuer-from-browser', 'registration-preflight'].flatMap(
        (label) => probed(examination, 'metadata', label) ?? [],
      )
      const answered = asked.filter(({ method, status }) => method === 'OPTIONS' || status === 200)
      const closed = answered.filter((exchange) => !isReadable(exchange))
      return closed.length === 0
        ? passed
        : violated(
            `no Access-Control-Allow-Origin at ${closed.map(({ url }) => new URL(url).pathname).join(', ')}`,
            ...closed,
          )
    },
  },
]

function isReadable({ responseHeaders }: Exchange): boolean {
  const allowed = responseHeaders['access-control-allow-origin']
  return allowed === '*' || allowed === browserOrigin
}
