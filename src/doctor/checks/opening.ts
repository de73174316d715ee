/** Opening a session: the transport is Streamable HTTP, `initialize` is answered in any version, and an unknown method is told as one (MCP 2025-11-25 lifecycle and transports). */

import {
  type Check,
  couldNotRun,
  everyClient,
  type Judgement,
  notApplicable,
  passed,
  violated,
} from '../check.ts'
import {
  type Examination,
  type Exchange,
  isHtml,
  mediaTypeOf,
  outcomeOf,
  probed,
  quoted,
  rpcOf,
} from '../examination.ts'
import { hasToken } from '../facts.ts'
import { unasked } from '../probe-answers.ts'
import { unknownVersion } from '../probes/protocol.ts'
import { inSession, openingOf, requestsOf } from '../protocol-facts.ts'

export const opening: readonly Check[] = [
  {
    id: 'legacy-sse-at-url',
    title: 'The server speaks HTTP+SSE, the transport of 2024, where Streamable HTTP is due',
    stage: 'first-answer',
    rank: 15,
    severity: 'error',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/117',
    claude: 'Posts to the URL itself, as Streamable HTTP has it, and finds nothing there.',
    seen: 'This connector has no tools available',
    clients: ['hosted', 'messages-api', 'chatgpt'],
    party: 'server',
    fix: {
      general:
        'Serve Streamable HTTP at this URL; until then type a URL whose path ends in /sse, which makes Claude use the old transport.',
      frameworks: { fastmcp: '`mcp.run(transport="http")` in place of `"sse"`.' },
    },
    judge: (examination) => {
      if (examination.facts.speaksOldTransport) return notApplicable('the URL says so, and Claude reads it')
      const streams = [probed(examination, 'protocol', 'get'), probed(examination, 'knocks', 'get')]
      if (streams.every((stream) => stream === undefined)) return notApplicable('there is no token')
      const old = streams.find((stream) => /^event: ?endpoint\b/m.test(stream?.responseBody ?? ''))
      if (old === undefined || openingOf(examination) !== undefined) return passed
      const post = probed(examination, 'protocol', 'initialize')
      return violated('GET opens a stream with `event: endpoint`, and POST is not answered', old, post)
    },
  },
  {
    id: 'initialize-fails',
    title: 'initialize is not answered as MCP has it',
    stage: 'first-call',
    rank: 35,
    severity: 'error',
    source: 'MCP 2025-11-25 lifecycle, initialization',
    claude: 'Shows an error right after the sign-in.',
    seen: 'returned an error when connecting',
    clients: everyClient,
    party: 'server',
    fix: {
      general:
        'Answer `initialize` with 200, JSON, the id that was sent, and a result with `protocolVersion`, `capabilities` and `serverInfo`.',
    },
    consequenceOf: [
      'legacy-sse-at-url',
      'endpoint-not-found',
      'token-check-fails',
      'token-too-large',
      'stream-never-arrives',
    ],
    judge: (examination) => {
      const answer = probed(examination, 'protocol', 'initialize')
      if (examination.facts.speaksOldTransport) return notApplicable('nothing is posted to this URL')
      if (answer === undefined) return unasked(examination, 'protocol', 'it was not asked')
      if (examination.walk.session?.era === 'modern') return notApplicable('it speaks 2026-07-28')
      return judgeInitialize(answer)
    },
  },
  {
    id: 'get-not-405',
    title: 'GET is answered by something else than a stream or 405',
    stage: 'first-call',
    rank: 40,
    severity: 'error',
    source: 'MCP 2025-11-25 transports, listening for messages',
    claude: 'Takes the answer for a broken stream, and some versions give the connection up.',
    clients: ['hosted', 'code', 'vscode'],
    party: 'server',
    fix: {
      general: 'Answer GET on the MCP path with 405 and `Allow: POST`, unless it opens an event stream.',
      frameworks: {
        vercel: 'Export a `GET` handler that answers 405; a page or a catch-all route answers otherwise.',
        express: '`app.get("/mcp", (req, res) => res.status(405).set("Allow", "POST").end())`.',
      },
    },
    consequenceOf: ['token-check-fails', 'stream-never-arrives'],
    judge: (examination) => {
      const answer = probed(examination, 'protocol', 'get')
      if (openingOf(examination) === undefined || answer === undefined)
        return notApplicable('no session was opened')
      return judgeStream(answer)
    },
  },
  {
    id: 'stream-never-arrives',
    title: 'The answer to initialize never arrives',
    stage: 'protocol',
    rank: 10,
    severity: 'error',
    source: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering',
    claude: 'Waits for a minute, then says that the server could not be reached.',
    clients: everyClient,
    party: 'edge',
    fix: {
      general:
        'Switch off buffering and compression of `text/event-stream` in whatever stands before the server, or answer single requests with `application/json`.',
      frameworks: {
        nginx: '`proxy_buffering off; proxy_http_version 1.1; gzip off;` for this location.',
        apache: '`SetEnv proxy-sendchunked 1` and no mod_deflate on this location.',
        cloudflare: 'Send `Cache-Control: no-transform`; some tunnels and Workers buffer streams otherwise.',
        caddy: '`flush_interval -1` in `reverse_proxy`.',
      },
    },
    judge: (examination) => {
      const answer = probed(examination, 'protocol', 'initialize')
      if (answer === undefined) return unasked(examination, 'protocol', 'it was not asked')
      if (examination.facts.initialize?.status === undefined) return couldNotRun('nothing is ever answered')
      const isSilent = answer.failure !== undefined && (answer.responseBody ?? '').trim() === ''
      if (!isSilent) return passed
      const begun = answer.status === undefined ? '' : ` (${mediaTypeOf(answer) || 'no type'}, no content)`
      return violated(`initialize: ${answer.failure}${begun}; other requests are answered`, answer)
    },
  },
  {
    id: 'discover-fails',
    title: 'server/discover ends in an error that no client can go on from',
    stage: 'protocol',
    rank: 15,
    severity: 'error',
    source: 'https://github.com/hauptsacheNet/typo3-mcp-server/issues/110',
    claude:
      'Asks `server/discover` first since August 2026, and falls back to `initialize` only after a refusal by 4xx or by a JSON-RPC error.',
    seen: 'returned an error when connecting',
    clients: ['hosted', 'code'],
    party: 'server',
    fix: {
      general:
        'Answer a method that is not known with the JSON-RPC error -32601 and its id, and a version header that is not known with 400; never with 5xx, silence or an empty body.',
    },
    judge: (examination) => {
      const initialize = openingOf(examination) ?? examination.facts.initialize
      if (initialize?.status === undefined || initialize.status >= 500)
        return notApplicable('initialize is not answered either')
      const asked = requestsOf(examination, 'server/discover')
      if (asked.length === 0) return notApplicable('it was not asked')
      const failed = asked.find((exchange) => isDeadEnd(exchange) && isComparable(exchange, examination))
      return failed === undefined
        ? passed
        : violated(`server/discover: ${outcomeOf(failed)}${emptiness(failed)}`, failed)
    },
  },
  {
    id: 'unknown-version-refused',
    title: 'A protocol version that the server does not know is refused',
    stage: 'protocol',
    rank: 30,
    severity: 'error',
    source: 'MCP 2025-11-25 lifecycle, version negotiation',
    claude: 'Cannot connect as soon as it speaks a newer version than the server.',
    seen: 'returned an error when connecting',
    clients: everyClient,
    party: 'server',
    fix: {
      general:
        'Answer `initialize` with the newest version that the server supports; the client decides whether it goes on.',
    },
    judge: inSession('unknown-version', (answer) => {
      const version = (rpcOf(answer)?.result as { protocolVersion?: unknown } | undefined)?.protocolVersion
      if (answer.status === 200 && typeof version === 'string') return passed
      const error = rpcOf(answer)?.error
      const says = error === undefined ? '' : `, error ${quoted(error)}`
      return violated(`initialize in version ${unknownVersion}: ${outcomeOf(answer)}${says}`, answer)
    }),
  },
]

function judgeInitialize(answer: Exchange): Judgement {
  const told = (what: string): Judgement => violated(`initialize: ${what}`, answer)
  const { status } = answer
  if (status === undefined || answer.failure !== undefined) return notApplicable('nothing came')
  if (status === 401 || status === 403 || status === 429) return notApplicable('it was refused before')
  const message = rpcOf(answer)
  if (message?.error !== undefined) return told(`${outcomeOf(answer)}, error ${quoted(message.error)}`)
  if (status !== 200) return told(outcomeOf(answer))
  if (message === undefined)
    return told(isHtml(answer) ? 'status 200 and a page for people' : 'status 200 and no JSON-RPC message')
  if (message.id !== 0) return told(`the id 0 was sent, ${quoted(message.id)} came back`)
  const version = (message.result as { protocolVersion?: unknown } | undefined)?.protocolVersion
  return typeof version === 'string' ? passed : told(`protocolVersion is ${quoted(version)}`)
}

function judgeStream(answer: Exchange): Judgement {
  const { status } = answer
  if (status === undefined) return violated(`GET: ${outcomeOf(answer)}`, answer)
  if (status === 200) {
    const type = mediaTypeOf(answer)
    return type === 'text/event-stream'
      ? passed
      : violated(`GET: status 200 and ${type || 'no type'}`, answer)
  }
  // 400 and 406 tell a client of a session that is missing; only these were seen to be taken for something else.
  return status === 404 || status >= 500 ? violated(`GET: ${outcomeOf(answer)}`, answer) : passed
}

/** A client cannot tell from it that it should fall back (MCP 2026-07-28, versioning). */
function isDeadEnd(exchange: Exchange): boolean {
  const { status } = exchange
  if (status === undefined || status >= 500) return true
  return status >= 200 && status <= 299 && rpcOf(exchange) === undefined
}

/** What is refused with a token is compared with what is answered with one. */
function isComparable({ requestHeaders }: Exchange, examination: Examination): boolean {
  return !hasToken(requestHeaders) || openingOf(examination) !== undefined
}

function emptiness({ status, responseBody }: Exchange): string {
  return status !== undefined && status <= 299 && (responseBody ?? '') === '' ? ' and nothing in it' : ''
}
