/** Traces: one that a caller began goes on through the gateway into the upstream, in headers and in `_meta` (W3C Trace Context; MCP SEP-414). */

import { SpanKind } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { callMcp, connect, type Door, openDoor } from '../door.ts'
import { modernCall } from './open-gateway.ts'
import { modernScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'

const callersTrace = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${callersTrace}-b7ad6b7169203331-01`
const call = { id: 7, method: 'tools/call', params: { name: 'search', arguments: { q: 'secret words' } } }

let upstream: ScriptedUpstream
let door: Door
let token: string
beforeEach(async () => {
  upstream = modernScriptedUpstream()
  door = await openDoor({ connector: { name: 'Notes', upstream: upstream.upstream } })
  token = (await connect(door)).accessToken
})

/** First: an SDK that was registered once stays in use by whoever has asked for its tracer. */
test('[GW-3] without an SDK the header goes on as it came, and the body too', async () => {
  const { message, headers } = modern()
  await callMcp(door, token, message, { ...headers, traceparent })
  const reached = upstream.calls('tools/call').at(-1)
  expect(reached?.headers.traceparent).toBe(traceparent)
  expect(reached?.text).toBe(JSON.stringify({ jsonrpc: '2.0', ...message }))
})

describe('where an OpenTelemetry SDK is registered', () => {
  const exporter = new InMemorySpanExporter()
  beforeAll(() => {
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
  })
  beforeEach(() => exporter.reset())

  test('[GW-3] the upstream continues the trace that the caller began', async () => {
    await callMcp(door, token, call, { traceparent })
    const { server, client } = spansOf(exporter, 'tools/call search')
    expect(server.spanContext().traceId).toBe(callersTrace)
    expect(server.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
    expect(client.parentSpanContext?.spanId).toBe(server.spanContext().spanId)
    const reached = upstream.calls('tools/call').at(-1)
    expect(reached?.headers.traceparent).toBe(`00-${callersTrace}-${client.spanContext().spanId}-01`)
    // A legacy body goes on byte for byte.
    expect(reached?.text).toBe(JSON.stringify({ jsonrpc: '2.0', ...call }))
  })

  test('of a modern call the message carries it too, so that a command on stdio can continue it', async () => {
    const { message, headers } = modern()
    const answer = await callMcp(door, token, message, { ...headers, traceparent })
    expect(answer.status).toBe(200)
    const { client } = spansOf(exporter, 'tools/call search')
    const reached = upstream.calls('tools/call').at(-1)
    const meta = reached?.body.params?._meta as Record<string, unknown>
    expect(meta.traceparent).toBe(`00-${callersTrace}-${client.spanContext().spanId}-01`)
    const sent = (message.params as { _meta: Record<string, unknown> })._meta
    expect(meta).toEqual({ ...sent, traceparent: meta.traceparent })
    expect(reached?.body.params?.arguments).toEqual(call.params.arguments)
  })

  test('a trace that only the message names is linked, and the upstream gets ours', async () => {
    const { message, headers } = modern({ traceparent })
    await callMcp(door, token, message, headers)
    const { server, client } = spansOf(exporter, 'tools/call search')
    expect(server.spanContext().traceId).not.toBe(callersTrace)
    expect(client.links.map((link) => link.context.traceId)).toEqual([callersTrace])
    const meta = upstream.calls('tools/call').at(-1)?.body.params?._meta as Record<string, unknown>
    expect(meta.traceparent).toContain(server.spanContext().traceId)
  })

  test('spans say what was asked and how it ended, and nothing of arguments or tokens', async () => {
    await callMcp(door, token, call)
    await callMcp(door, 'pst_at_wrong', call)
    const { server, client } = spansOf(exporter, 'tools/call search')
    expect(client.attributes).toMatchObject({
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'search',
      'http.response.status_code': 200,
    })
    expect(server.attributes).toMatchObject({ 'url.path': '/mcp', 'http.response.status_code': 200 })
    const refused = exporter.getFinishedSpans().find(({ name }) => name === 'POST /mcp')
    expect(refused?.attributes['http.response.status_code']).toBe(401)
    const everything = JSON.stringify(
      exporter
        .getFinishedSpans()
        .map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    )
    for (const secret of [token, 'pst_at_wrong', 'secret words']) expect(everything).not.toContain(secret)
  })
})

function modern(meta: Record<string, unknown> = {}) {
  const { message, headers } = modernCall(call.method, call.params, { meta })
  return { message, headers: headers as Record<string, string> }
}

function spansOf(exporter: InMemorySpanExporter, name: string): Record<'server' | 'client', ReadableSpan> {
  const spans = exporter.getFinishedSpans().filter((span) => span.name === name)
  const server = spans.find(({ kind }) => kind === SpanKind.SERVER)
  const client = spans.find(({ kind }) => kind === SpanKind.CLIENT)
  if (server === undefined || client === undefined) {
    throw new Error(`no such spans among ${exporter.getFinishedSpans().map((span) => span.name)}`)
  }
  return { server, client }
}
