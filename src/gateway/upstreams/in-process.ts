/** An MCP server in this process: a function from Request to Response, treated as one that speaks Streamable HTTP. */

import { defaultUpstreamLimits, type UpstreamLimits } from '../limits.ts'
import { createRelay } from '../relay.ts'
import type { Upstream } from '../upstream.ts'

export interface InProcessUpstreamOptions {
  handler: (request: Request) => Promise<Response>
  /** What the handler takes for its own address. */
  url?: string
  limits?: Partial<UpstreamLimits>
}

export function inProcessUpstream(options: InProcessUpstreamOptions): Upstream {
  const url = options.url ?? 'http://localhost/mcp'
  return createRelay({
    name: 'in process',
    canBreakOff: false,
    limits: { ...defaultUpstreamLimits, ...options.limits },
    async send({ method, headers, body, signal }) {
      const init: RequestInit = { method, headers, signal }
      const request = new Request(url, body === undefined ? init : { ...init, body: body as BodyInit })
      return Promise.race([options.handler(request), aborted(signal)])
    },
  })
}

/** A handler need not look at the signal; the deadline holds all the same. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return promise
}
