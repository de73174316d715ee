/** An MCP server in this process: a function from Request to Response, treated as one that speaks Streamable HTTP. */

import { type HangUp, signalFor } from '../../platform/hang-up.ts'
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
      const init: RequestInit = { method, headers, signal: signalFor(Request, signal) }
      const request = new Request(url, body === undefined ? init : { ...init, body: body as BodyInit })
      return untilAborted(options.handler(request), signal)
    },
  })
}

/**
 * A handler need not look at the signal; the deadline holds all the same. Apart from where the Request is made: the
 * runtime keeps the listeners of its signal until the Request is gone, so none of them may keep the Request.
 */
function untilAborted(work: Promise<Response>, signal: HangUp): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
