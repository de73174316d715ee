/** An MCP server at a URL, spoken to over Streamable HTTP (MCP 2025-03-26 to 2026-07-28). */

import { sendTo } from '../http-exchange.ts'
import { defaultUpstreamLimits, type UpstreamLimits } from '../limits.ts'
import { createRelay } from '../relay.ts'
import type { Upstream } from '../upstream.ts'

export interface StreamableHttpUpstreamOptions {
  /** The MCP endpoint itself: redirects are not followed. */
  url: string
  /** Sent with every request, for example the operator's own credential. */
  headers?: Readonly<Record<string, string>>
  /** Default: the runtime's. On Node one that keeps connections and has no time limit on a body. */
  fetch?: typeof fetch
  /** For addresses that people name as their own (`userSupplied`): one whose dialer judges every resolved address. Default: `fetch`, public addresses only by literal. */
  guardedFetch?: typeof fetch | undefined
  limits?: Partial<UpstreamLimits>
}

export function streamableHttpUpstream(options: StreamableHttpUpstreamOptions): Upstream {
  return createRelay({
    name: new URL(options.url).host,
    canBreakOff: true,
    limits: { ...defaultUpstreamLimits, ...options.limits },
    send: sendTo({
      url: options.url,
      send: options.fetch ?? fetch,
      headers: options.headers,
      guardedSend: options.guardedFetch,
    }),
  })
}
