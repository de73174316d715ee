/** The way to an MCP server at a URL: connections are kept, and a stream may stay silent for as long as it likes. */

import { Agent, fetch as undiciFetch } from 'undici'

export const connectTimeoutMs = 5_000
/** A tool may think for minutes before the first byte; the gateway has deadlines of its own. */
export const noTimeLimit = 0

export function createUpstreamFetch(): typeof fetch {
  const dispatcher = new Agent({
    connect: { timeout: connectTimeoutMs },
    headersTimeout: noTimeLimit,
    bodyTimeout: noTimeLimit,
  })
  const send = (input: unknown, init?: unknown): Promise<Response> =>
    undiciFetch(
      input as Parameters<typeof undiciFetch>[0],
      { ...(init as object), dispatcher } as Parameters<typeof undiciFetch>[1],
    ) as unknown as Promise<Response>
  return send as typeof fetch
}
