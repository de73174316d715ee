/** A session as clients of before 2026-07-28 hold it, and what some of them send otherwise: versions, sessions, origins, types, several at once. */

import { modernHeaders, modernMeta } from '../../client/modern-envelope.ts'
import type { WireAnswer, WireRequest } from '../../client/wire.ts'
import { hasResponse, jsonOf, messagesIn, probed } from '../examination.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { initializeRequest } from './knocks.ts'

export const protocol: Probe = {
  name: 'protocol',
  title: 'A session by hand: versions, session ids, origins, types, several requests at once',
  stage: 'protocol',
  effects: undefined,
  isIntrusive: false,
  cannotRun(bench) {
    if (bench.grant.tokens !== undefined) return undefined
    const knock = probed({ probes: bench.earlier }, 'knocks', 'httpx')
    return knock?.status === 401 || knock?.status === 403 ? 'there is no token' : undefined
  },
  run: holdSession,
}

/** No revision of MCP; a server names one of its own instead. */
export const unknownVersion = '2031-01-01'
/** What people write about in notes and queries, and what rules against injection look for. */
const suspiciousText = "SELECT title FROM notes WHERE text LIKE '%<b>draft</b>%' OR 1=1; --"
/** How many of Claude's requests were seen on the wire at the same time. */
const atOnce = 4
/** Whether a GET opens a stream is known with its head; what an old transport says first comes right behind. */
const streamSeconds = 0.5
/** A server that lets so many requests wait is not asked the rest. */
const maximumSilences = 2

async function holdSession(bench: ProbeBench): Promise<void> {
  const token = bench.grant.tokens?.accessToken
  const own = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  let silences = 0
  const ask = async (label: string, request: WireRequest): Promise<WireAnswer | undefined> => {
    if (silences >= maximumSilences) return undefined
    const answer = await bench.watch(label, request, hasResponse)
    if (answer === undefined) silences += 1
    return answer
  }

  await bench.watch(
    'get',
    { method: 'GET', url: bench.url, headers: { Accept: 'text/event-stream', ...own } },
    (text) => text !== '',
    streamSeconds,
  )
  const opened = await ask('initialize', initializeRequest(bench.url, own))
  if (opened === undefined || opened.status === 401 || opened.status === 403) return
  await ask('discover', discoverRequest(bench, own))
  if (!isOpen(opened)) return

  const session = opened.headers.get('mcp-session-id')
  const held = session === null ? own : { ...own, 'Mcp-Session-Id': session }
  const ping = (id: number, headers: Record<string, string> = held, params = {}): WireRequest =>
    rpcRequest(bench.url, { id, method: 'ping', params }, headers)
  await ask('initialized', rpcRequest(bench.url, { method: 'notifications/initialized' }, held))
  await ask('ping', ping(1))
  await ask('list', rpcRequest(bench.url, { id: 2, method: 'tools/list', params: {} }, held))
  await ask('arguments', ping(3, held, { _meta: { 'postern.dev/text': suspiciousText } }))
  await ask('accept-any', ping(4, { ...held, Accept: '*/*' }))
  await ask('origin-claude', ping(5, { ...held, Origin: 'https://claude.ai' }))
  await ask('strange-session', ping(6, { ...own, 'Mcp-Session-Id': 'of-before-the-restart' }))
  if (session !== null) await ask('without-session', ping(7, own))
  const other = await ask('unknown-version', initializeRequest(bench.url, own, unknownVersion))
  await Promise.all(Array.from({ length: atOnce }, (_, index) => ask(`at-once-${index}`, ping(10 + index))))
  for (const ended of [session, other?.headers.get('mcp-session-id')]) {
    if (typeof ended === 'string')
      await ask('end', endRequest(bench.url, { ...own, 'Mcp-Session-Id': ended }))
  }
}

function discoverRequest({ url, surface }: ProbeBench, headers: Record<string, string>): WireRequest {
  const params = { _meta: modernMeta(surface.mcp) }
  return rpcRequest(
    url,
    { id: 'discover', method: 'server/discover', params },
    { ...headers, ...modernHeaders('server/discover', {}) },
  )
}

function rpcRequest(
  url: string,
  message: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
): WireRequest {
  const template = initializeRequest(url, { 'MCP-Protocol-Version': '2025-11-25', ...headers })
  return { ...template, body: JSON.stringify({ jsonrpc: '2.0', ...message }) }
}

function endRequest(url: string, headers: Record<string, string>): WireRequest {
  return { method: 'DELETE', url, headers }
}

function isOpen({ status, text }: WireAnswer): boolean {
  return (
    status === 200 && [jsonOf({ responseBody: text }), ...messagesIn(text)].some((message) => message?.result)
  )
}
