/** Knocks without a token as other programs and other parts of Claude do: what differs between them is made by an edge, not by the server. */

import type { WireRequest } from '../../client/wire.ts'
import type { Probe, ProbeBench } from '../probe.ts'

export const knocks: Probe = {
  name: 'knocks',
  title: 'The same knock from other programs, other addresses of the same endpoint, other methods',
  stage: 'first-answer',
  effects: undefined,
  isIntrusive: false,
  run: knockDifferently,
}

/** Agents that Claude's cloud was seen with (2026-02 to 2026-10), and one that nobody filters. */
const agents = { curl: 'curl/8.7.1', httpx: 'python-httpx/0.28.1', claude: 'Claude-User' } as const

async function knockDifferently(bench: ProbeBench): Promise<void> {
  const knock = (label: string, headers: Record<string, string> = {}, url = bench.url): Promise<unknown> =>
    bench.send(label, initializeRequest(url, headers))
  const plain = (method: 'GET' | 'OPTIONS', headers: Record<string, string>): WireRequest => {
    return { method, url: bench.url, headers: { 'User-Agent': agents.httpx, ...headers } }
  }
  await Promise.all([
    knock('curl', { 'User-Agent': agents.curl }),
    knock('httpx', { 'User-Agent': agents.httpx }),
    knock('claude', { 'User-Agent': agents.claude }),
    knock('accept-any', { Accept: '*/*' }),
    knock('origin-claude', { Origin: 'https://claude.ai' }),
    bench.send(
      'discover',
      mcpRequest(bench.url, 'server/discover', {}, { 'MCP-Protocol-Version': '2026-07-28' }),
    ),
    knock('other-slash', {}, withOtherSlash(bench.url)),
    // The head of a stream is enough: it may never end.
    bench.watch('get', plain('GET', { Accept: 'text/event-stream' }), () => true),
    bench.send('preflight', plain('OPTIONS', preflightHeaders('POST', 'authorization, content-type'))),
  ])
}

/** A program in a browser, as the Inspector is, has its browser ask first (Fetch §3.3.2). */
export const browserOrigin = 'http://localhost:6274'

export function preflightHeaders(method: string, headers: string): Record<string, string> {
  return {
    Origin: browserOrigin,
    'Access-Control-Request-Method': method,
    'Access-Control-Request-Headers': headers,
  }
}

/** The oldest opening that every server of before 2026-07-28 answers. */
export function initializeRequest(
  url: string,
  headers: Readonly<Record<string, string>>,
  protocolVersion = '2025-11-25',
): WireRequest {
  const params = {
    protocolVersion,
    capabilities: {},
    clientInfo: { name: 'claude-ai', version: '0.1.0' },
  }
  return mcpRequest(url, 'initialize', params, headers)
}

function mcpRequest(
  url: string,
  method: string,
  params: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
): WireRequest {
  return {
    method: 'POST',
    url,
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'User-Agent': agents.httpx,
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 0, method, params }),
  }
}

function withOtherSlash(url: string): string {
  const other = new URL(url)
  other.pathname = other.pathname.endsWith('/') ? other.pathname.replace(/\/+$/, '') : `${other.pathname}/`
  return other.href
}
