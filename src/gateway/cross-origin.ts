/** What a browser is told and asked before anything else: preflight, Host and Origin (Fetch standard, CORS protocol; MCP 2025-11-25 transports, security warning). */

import { parseUrl } from '../platform/url.ts'

/** Any page may ask; which may go on is judged by its Origin. No cookies are involved, so nothing is lent to it. */
export function preflightResponse(request: Request): Response {
  const asked = (request.headers.get('access-control-request-headers') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => /^[a-z0-9-]{1,64}$/.test(name))
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': allowedMethods,
      // `*` would not cover Authorization.
      'access-control-allow-headers': [...new Set([...usualHeaders, ...asked.slice(0, 50)])].join(', '),
      'access-control-max-age': '86400',
      vary: 'access-control-request-headers',
    },
  })
}

export const allowedMethods = 'GET, POST, DELETE'

/** Lets a page read the answer, and the headers that it needs to go on. */
export function expose(response: Response): Response {
  response.headers.set('access-control-allow-origin', '*')
  response.headers.set('access-control-expose-headers', exposedHeaders)
  return response
}

/** The name and port that a request is for. */
export function hostOf(request: Request): string {
  return request.headers.get('host') ?? parseUrl(request.url)?.host ?? ''
}

const exposedHeaders = 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, DPoP-Nonce'

const usualHeaders = [
  'authorization',
  'content-type',
  'accept',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'last-event-id',
  'dpop',
  'traceparent',
  'tracestate',
  'baggage',
]
