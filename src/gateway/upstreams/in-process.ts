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
    send({ method, headers, body, signal }) {
      const init: RequestInit = { method, headers, signal }
      const request = new Request(url, body === undefined ? init : { ...init, body: body as BodyInit })
      return new Promise((resolve, reject) => {
        // A handler need not look at the signal; the deadline holds all the same.
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        options.handler(request).then(resolve, reject)
      })
    },
  })
}
