/** What a client asks of every server right after it connected: the lists, answered whole, in a type that can be read, without questions back. */

import { type Check, everyClient, notApplicable, passed, violated, warning } from '../check.ts'
import {
  type Examination,
  type Exchange,
  everyExchange,
  exchangesOf,
  isResponse,
  mediaTypeOf,
  messagesOf,
  outcomeOf,
  probeOf,
  quoted,
  rpcOf,
} from '../examination.ts'
import { requestOf } from '../protocol-facts.ts'

const shared = { stage: 'protocol', severity: 'error', clients: everyClient, party: 'server' } as const

export const lists: readonly Check[] = [
  {
    ...shared,
    id: 'content-type-wrong',
    title: 'Answers come in a type that is neither JSON nor an event stream',
    rank: 18,
    source: 'MCP 2025-11-25 transports, sending messages',
    claude: 'Does not read the body, whatever stands in it: “Unexpected content type”.',
    seen: 'returned an error when connecting',
    fix: {
      general: 'Send `Content-Type: application/json`, or `text/event-stream` for a stream.',
      frameworks: {
        django: 'Return a `JsonResponse`.',
        express: '`res.json(…)`, not `res.send(JSON.stringify(…))`.',
      },
    },
    judge: (examination) => {
      const answers = requestsWithId(examination).filter(({ status, responseBody }) => {
        return status === 200 && (responseBody ?? '') !== ''
      })
      if (answers.length === 0) return notApplicable('no request was answered')
      const wrong = answers.find((answer) => rpcOf(answer) !== undefined && !isReadable(answer))
      if (wrong === undefined) return passed
      return violated(
        `${requestOf(wrong)?.method}: status 200, ${mediaTypeOf(wrong) || 'no Content-Type'}`,
        wrong,
      )
    },
  },
  {
    ...shared,
    id: 'undeclared-capability-used',
    title: 'The server asks the client for something that it did not offer',
    rank: 22,
    source: 'MCP 2025-11-25 lifecycle, capability negotiation',
    claude:
      'Refuses or never answers sampling, roots and elicitation that it did not declare; the server waits for ever.',
    clients: ['hosted', 'messages-api', 'chatgpt'],
    fix: {
      general:
        'Look at the `capabilities` of initialize before asking for `sampling`, `roots` or `elicitation`, and go on without where they are missing.',
    },
    judge: (examination) => {
      const offered = examination.surface.mcp.capabilities
      for (const exchange of everyExchange(examination)) {
        for (const { id, method } of messagesOf(exchange)) {
          const capability = id === undefined ? undefined : clientCapabilities[String(method)]
          if (capability === undefined || capability in offered) continue
          return violated(
            `the server sent ${quoted(method)}; this client did not declare ${capability}`,
            exchange,
          )
        }
      }
      return passed
    },
  },
  {
    ...shared,
    id: 'list-fails',
    title: 'A list is answered with an HTTP error',
    rank: 28,
    source: 'https://github.com/losvedir/remote_mcp_auth',
    claude:
      'Asks for tools, prompts and resources of every server, whatever it declared, and stops at an HTTP error.',
    seen: 'This connector has no tools available',
    fix: {
      general:
        'Answer a list that the server does not have with an empty list, or with the JSON-RPC error -32601 and status 200.',
    },
    consequenceOf: ['session-demanded', 'session-lost-at-once', 'initialize-fails', 'arguments-filtered'],
    judge: (examination) => {
      const asked = exchangesOf(examination, 'lists').filter((exchange) => isList(exchange))
      if (asked.length === 0) return notApplicable('no list was asked for')
      const failed = asked.find((exchange) => {
        const { status } = exchange
        if (status === 401 || status === 403 || status === 429) return false
        // MCP 2026-07-28 gives a method that is not known the status 404.
        return (
          status !== undefined && (status >= 500 || (status >= 400 && !isResponse(rpcOf(exchange) ?? {})))
        )
      })
      return failed === undefined
        ? passed
        : violated(`${requestOf(failed)?.method}: ${outcomeOf(failed)}`, failed)
    },
  },
  {
    ...shared,
    id: 'no-tools',
    title: 'The server offers no tools',
    rank: 40,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/117',
    claude:
      'Connects, and has nothing to offer in a conversation; prompts and resources alone are hardly seen.',
    seen: 'This connector has no tools available',
    clients: ['hosted', 'messages-api', 'chatgpt'],
    fix: {
      general: 'Declare the capability `tools`, register at least one, and answer `tools/list` with it.',
      frameworks: {
        fastmcp: 'Tools of a mounted server are listed only when it was mounted before the start.',
      },
    },
    consequenceOf: ['step-up-names-held-scope'],
    judge: (examination) => {
      const asked = exchangesOf(examination, 'lists').filter(
        (exchange) => methodOf(exchange) === 'tools/list',
      )
      const answer = asked.at(-1)
      const message = rpcOf(answer)
      if (answer?.status === undefined || answer.status >= 400 || message === undefined)
        return notApplicable('tools/list was not answered')
      if (message.error !== undefined) return violated(`tools/list: error ${quoted(message.error)}`, answer)
      const { tools } = (message.result ?? {}) as { tools?: unknown }
      if (asked.length > 1 || !Array.isArray(tools) || tools.length > 0) return passed
      return warning('tools/list is empty for this account', answer)
    },
  },
  {
    ...shared,
    id: 'stream-cut',
    title: 'An event stream ends before the answer came',
    rank: 32,
    source: 'MCP 2025-11-25 transports, sending messages',
    claude: 'Waits for an answer that never comes, or reports a broken connection.',
    party: 'edge',
    fix: {
      general:
        'Send the response before the stream is closed, a comment line every 15 to 30 seconds while it takes long, and JSON instead of a stream where nothing comes in between.',
      frameworks: {
        nginx: '`proxy_read_timeout 300s;` for this location.',
        cloudflare: 'The edge cuts a silent stream after 100 seconds: send keep-alive comments.',
        'api-gateway': 'Its limit is 29 seconds: answer JSON, and let long work be asked for again.',
      },
    },
    judge: (examination) => {
      const streams = (probeOf(examination, 'protocol')?.exchanges ?? []).filter(
        (exchange) => requestOf(exchange)?.id !== undefined && mediaTypeOf(exchange) === 'text/event-stream',
      )
      if (streams.length === 0) return notApplicable('no request was answered by a stream')
      // One that did not end was given up by us, and says nothing.
      const cut = streams.find((stream) => {
        return stream.status === 200 && stream.failure === undefined && !messagesOf(stream).some(isResponse)
      })
      return cut === undefined
        ? passed
        : violated(`the stream of ${requestOf(cut)?.method} ended without its response`, cut)
    },
  },
]

/** What a server may ask of a client, and what the client declares for it (MCP 2025-11-25, client features). */
const clientCapabilities: Readonly<Record<string, string>> = {
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
  'elicitation/create': 'elicitation',
}

function requestsWithId(examination: Examination): Exchange[] {
  return everyExchange(examination).filter((exchange) => {
    const request = requestOf(exchange)
    return request?.jsonrpc === '2.0' && request.id !== undefined
  })
}

function isReadable(exchange: Exchange): boolean {
  return ['application/json', 'text/event-stream'].includes(mediaTypeOf(exchange))
}

function isList(exchange: Exchange): boolean {
  return /^(?:tools|prompts|resources)\/list$/.test(methodOf(exchange))
}

function methodOf(exchange: Exchange): string {
  return String(requestOf(exchange)?.method)
}
