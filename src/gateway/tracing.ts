/**
 * Spans of what goes through a connector, which continue the caller's trace and are continued by the upstream (W3C Trace
 * Context; in the modern era in `_meta` too, MCP SEP-414). Where nobody has registered an OpenTelemetry SDK they are
 * made by nobody: headers and bodies go on as they came.
 */

import {
  type Attributes,
  context,
  isSpanContextValid,
  type Link,
  ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { isRequest, isResponse, type JsonRpcMessage, metaOf } from '../mcp/json-rpc.ts'
import { setValue } from '../mcp/json-text.ts'
import type { ConnectorSettings } from './connector-settings.ts'
import type { Gateway } from './gateway.ts'
import { toolOf } from './policy.ts'
import type { Upstream, UpstreamCall } from './upstream.ts'

/** A connector's gateway whose requests are spans, opened with an upstream that carries them on. */
export function tracedGateway(
  connector: ConnectorSettings,
  open: (connector: ConnectorSettings) => Gateway,
): Gateway {
  const gateway = open({ ...connector, upstream: tracedUpstream(connector.upstream) })
  return { ...gateway, fetch: tracedFetch((request) => gateway.fetch(request), connector.path) }
}

type Fetch = (request: Request) => Promise<Response>

/** The span of one request to the connector, from its first byte to the head of its answer. */
function tracedFetch(fetch: Fetch, connector: string): Fetch {
  return function fetchTraced(request) {
    if (!isSomebodyListening()) return fetch(request)
    const parent = propagation.extract(context.active(), request.headers, headerGetter)
    const attributes = {
      'http.request.method': request.method,
      'url.path': new URL(request.url).pathname,
      'postern.connector': connector,
    }
    return tracer.startActiveSpan(
      `${request.method} ${connector}`,
      { kind: SpanKind.SERVER, attributes },
      parent,
      (span) => ended(span, () => fetch(request)),
    )
  }
}

/** The same upstream; what it is asked is a span within that of the request, and carries it on. */
function tracedUpstream(upstream: Upstream): Upstream {
  return {
    name: upstream.name,
    isLocal: upstream.isLocal === true,
    post(call) {
      if (!isSomebodyListening()) return upstream.post(call)
      return within(
        call,
        (carried) => upstream.post(carried),
        (response) => response.status,
      )
    },
    initialize: (call) =>
      within(
        call,
        (carried) => upstream.initialize(carried),
        ({ response }) => response.status,
      ),
    listen: (call, onEnd) => upstream.listen(call, onEnd),
    end: (caller, session) => upstream.end(caller, session),
    close: () => upstream.close(),
  }

  async function within<T>(
    call: UpstreamCall,
    ask: (carried: UpstreamCall) => Promise<T>,
    statusOf: (answer: T) => number,
  ): Promise<T> {
    if (!isSomebodyListening()) return ask(call)
    const [message] = call.messages
    const said = message === undefined || isResponse(message) ? 'response' : message.method
    const tool = message && toolOf(message)
    const name = tool === undefined ? said : `${said} ${tool}`
    const attributes = describe(call, said, tool)
    trace.getActiveSpan()?.updateName(name).setAttributes(attributes)
    const span = tracer.startSpan(name, {
      kind: SpanKind.CLIENT,
      attributes: { ...attributes, 'postern.upstream': upstream.name },
      links: linksOf(message),
    })
    if (!isSpanContextValid(span.spanContext())) return ask(call)
    const inside = trace.setSpan(context.active(), span)
    return context.with(inside, async () => {
      const carried = carrying(call)
      try {
        const answer = await ask(carried)
        conclude(span, statusOf(answer))
        return answer
      } catch (error) {
        fail(span, error)
        throw error
      } finally {
        span.end()
      }
    })
  }
}

/** Asks for the tracer of whoever registers one, also later. */
const tracer = trace.getTracer('postern')

/** Spans that nobody gets cost a twentieth of a call all the same. */
function isSomebodyListening(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('postern') !== undefined
}

const headerGetter = {
  get: (headers: Headers, name: string): string | undefined => headers.get(name) ?? undefined,
  keys: (headers: Headers): string[] => [...headers.keys()],
}

/** As the OpenTelemetry semantic conventions for MCP name them (2026). */
function describe(call: UpstreamCall, said: string, tool: string | undefined): Attributes {
  const version = call.session?.protocolVersion ?? call.headers.get('mcp-protocol-version') ?? undefined
  return {
    'mcp.method.name': said,
    ...(tool === undefined ? {} : { 'gen_ai.tool.name': tool }),
    ...(version === undefined || version === '' ? {} : { 'mcp.protocol.version': version }),
  }
}

/** A client may say its trace in the message; the request may belong to another one, so the two are linked. */
function linksOf(message: JsonRpcMessage | undefined): Link[] {
  if (message === undefined) return []
  const carrier = Object.fromEntries(
    traceMembers.flatMap((name) => {
      const value = metaOf(message, name)
      return typeof value === 'string' ? [[name, value] as const] : []
    }),
  )
  const said = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, carrier))
  return said === undefined ? [] : [{ context: said }]
}

const traceMembers = ['traceparent', 'tracestate', 'baggage'] as const

/** In headers for upstreams at a URL; in `_meta` where the revision has room for it, for those on stdio too. */
function carrying(call: UpstreamCall): UpstreamCall {
  const carrier: Record<string, string> = {}
  propagation.inject(context.active(), carrier)
  const headers = new Headers(call.headers)
  for (const [name, value] of Object.entries(carrier)) headers.set(name, value)
  const [message] = call.messages
  if (call.era !== 'modern' || message === undefined || !isRequest(message)) return { ...call, headers }
  let { text } = call
  for (const [name, value] of Object.entries(carrier)) text = setValue(text, ['params', '_meta', name], value)
  const meta = { ...(message.params?._meta as object | undefined), ...carrier }
  const messages = [{ ...message, params: { ...message.params, _meta: meta } }]
  return { ...call, headers, text, bytes: undefined, messages }
}

async function ended(span: Span, answer: () => Promise<Response>): Promise<Response> {
  try {
    const response = await answer()
    conclude(span, response.status)
    return response
  } catch (error) {
    fail(span, error)
    throw error
  } finally {
    span.end()
  }
}

function conclude(span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status)
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
}

/** Without the words of the error, which may be somebody else's; the log has them. */
function fail(span: Span, error: unknown): void {
  const kind = error instanceof Error ? error.name : typeof error
  span.setAttribute('error.type', kind).setStatus({ code: SpanStatusCode.ERROR })
}
