/** What the tools of an upstream are called and whether they only read: for the consent page, and for calls by a token that may not write. Lists are fetched, never re-declared. */

import { isRequest, type JsonRpcRequest } from '../mcp/json-rpc.ts'
import { newestLegacyVersion } from '../mcp/protocol-version.ts'
import { setMirroredHeaders } from '../mcp/streamable-http.ts'
import { createBoundedMap } from '../platform/bounded-map.ts'
import { readAnswers } from './event-relay.ts'
import { defaultUpstreamLimits, type GatewayLimits } from './limits.ts'
import { ownCall, ownModernCall, ownRequestId } from './own-call.ts'
import { posternClientInfo, type Upstream, type UpstreamCall, type UpstreamCaller } from './upstream.ts'

export interface ToolSummary {
  name: string
  title: string | undefined
  readOnly: boolean
  /** May change or remove what is there; a tool that does not say counts as one that does (MCP 2025-03-26, ToolAnnotations). */
  destructive: boolean
}

/** As the upstream wrote it: name, description, schemas, annotations, and whatever else. */
export type ToolDefinition = Readonly<Record<string, unknown>> & { readonly name: string }

export interface Catalogue {
  /** Undefined if the upstream does not answer in time. */
  list(): Promise<ToolSummary[] | undefined>
  /** All that the upstream says of each tool, asked anew; undefined if it does not answer in time. */
  definitions(): Promise<ToolDefinition[] | undefined>
  /** As Postern itself is shown it: for callers whom nobody knows. False where the list cannot be had in time. */
  isReadOnlyForAll(name: string): Promise<boolean>
  /** As the upstream lists them for this caller. Rejects where it does not, and with `CredentialLost`. */
  listFor(caller: UpstreamCaller): Promise<ToolSummary[]>
  /** As this very caller would be shown it. */
  findTool(call: UpstreamCall, name: string): Promise<ToolSummary | undefined>
}

export function createCatalogue(
  upstream: Upstream,
  ownCaller: UpstreamCaller,
  limits: GatewayLimits,
): Catalogue {
  const listed = createBoundedMap<string, Listing>(maximumListings)

  /** One list at a time for each key, believed for a while; a failure is not remembered. */
  function remembered(key: string, list: () => Promise<ToolSummary[]>): Promise<ToolSummary[]> {
    const known = listed.get(key)
    if (known !== undefined && performance.now() - known.askedAt < limits.catalogueSeconds * 1000)
      return known.tools
    const tools = list()
    listed.set(key, { askedAt: performance.now(), tools })
    tools.catch(() => listed.delete(key))
    return tools
  }

  return {
    async list() {
      const tools = remembered('', () => listForConsent(upstream, ownCaller, summarizeTool))
      return withinTime(tools, limits.catalogueDeadlineMs)
    },
    definitions: () => withinTime(listForConsent(upstream, ownCaller, readDefinition), listingDeadlineMs),
    async isReadOnlyForAll(name) {
      const tools = await withinTime(
        remembered('', () => listForConsent(upstream, ownCaller, summarizeTool)),
        listingDeadlineMs,
      )
      // A name that is listed twice is what its worst entry says.
      const named = tools?.filter((tool) => tool.name === name) ?? []
      return named.length > 0 && named.every(({ readOnly }) => readOnly)
    },
    listFor: (caller) => listForConsent(upstream, caller, summarizeTool),
    async findTool(call, name) {
      const key = JSON.stringify([call.caller.key, call.session?.key ?? call.era])
      const tools = remembered(key, () => listTools(upstream, listingCall(call), summarizeTool))
      return (await withinTime(tools, listingDeadlineMs))?.find((tool) => tool.name === name)
    },
  }
}

interface Listing {
  askedAt: number
  tools: Promise<ToolSummary[]>
}

const maximumListings = 1000
const maximumPages = 50
const listingDeadlineMs = 10_000

/** As a client of the handshake era; an upstream without that era is asked statelessly. */
async function listForConsent<T>(
  upstream: Upstream,
  caller: UpstreamCaller,
  read: ReadTool<T>,
): Promise<T[]> {
  const params = { protocolVersion: newestLegacyVersion, capabilities: {}, clientInfo: posternClientInfo }
  const { response, opened } = await upstream.initialize(ownCall(caller, 'initialize', params))
  await response.body?.cancel()
  if (opened === undefined) return listTools(upstream, ownModernCall(caller, 'tools/list'), read)
  const session = {
    key: 'catalogue',
    initialized: true,
    protocolVersion: opened.protocolVersion,
    clientCapabilities: {},
    clientInfo: posternClientInfo,
    upstreamSessionId: opened.upstreamSessionId,
  }
  const call = { ...ownCall(caller, 'tools/list', {}), session }
  const greeting = { jsonrpc: '2.0', method: 'notifications/initialized' } as const
  const greeted = await upstream.post({
    ...call,
    messages: [greeting],
    text: JSON.stringify(greeting),
  })
  await greeted.body?.cancel()
  try {
    return await listTools(upstream, call, read)
  } finally {
    await upstream.end(caller, session)
  }
}

/** All pages. Rejects when one of them cannot be had: half a list would call a read-only tool a writing one. */
async function listTools<T>(upstream: Upstream, call: UpstreamCall, read: ReadTool<T>): Promise<T[]> {
  const tools: T[] = []
  let cursor: unknown
  for (let page = 0; page < maximumPages; page++) {
    const [template] = call.messages
    if (template === undefined || !isRequest(template)) throw new TypeError('listing needs a request')
    const request = cursor === undefined ? template : withCursor(template, cursor)
    const response = await upstream.post({ ...call, messages: [request], text: JSON.stringify(request) })
    const [answer] = await readAnswers(response, 1, defaultUpstreamLimits)
    const result = answer?.response.result
    if (result === undefined || !Array.isArray(result.tools))
      throw new Error(answer?.response.error?.message ?? 'the upstream lists no tools')
    tools.push(...result.tools.map(read).filter((tool) => tool !== undefined))
    cursor = result.nextCursor
    if (cursor === undefined || cursor === null) return tools
  }
  return tools
}

/** Of one entry of a list; undefined for what is none. */
type ReadTool<T> = (entry: unknown) => T | undefined

/** As a list has it, with nothing left out. */
export function readDefinition(entry: unknown): ToolDefinition | undefined {
  const isNamed = typeof entry === 'object' && entry !== null && 'name' in entry
  return isNamed && typeof entry.name === 'string' ? (entry as ToolDefinition) : undefined
}

/** As a list has it. */
export function summarizeTool(tool: unknown): ToolSummary | undefined {
  if (typeof tool !== 'object' || tool === null) return undefined
  const { name, title, annotations } = tool as Record<string, unknown>
  if (typeof name !== 'string') return undefined
  const hints = (typeof annotations === 'object' && annotations !== null ? annotations : {}) as Record<
    string,
    unknown
  >
  const readOnly = hints.readOnlyHint === true
  return {
    name,
    title: [title, hints.title].find((text) => typeof text === 'string') as string | undefined,
    readOnly,
    destructive: !readOnly && hints.destructiveHint !== false,
  }
}

/** The same session, or the same envelope, with another method. */
function listingCall(call: UpstreamCall): UpstreamCall {
  const [first] = call.messages.filter(isRequest)
  const envelope = call.era === 'modern' ? { _meta: first?.params?._meta } : {}
  const request: JsonRpcRequest = { jsonrpc: '2.0', id: ownRequestId, method: 'tools/list', params: envelope }
  const headers = new Headers(call.headers)
  for (const name of [...headers.keys()]) if (name.startsWith('mcp-param-')) headers.delete(name)
  if (call.era === 'modern') setMirroredHeaders(headers, request)
  return {
    ...call,
    messages: [request],
    batch: false,
    text: '',
    bytes: undefined,
    headers,
    wantsEventStream: false,
  }
}

function withCursor(request: JsonRpcRequest, cursor: unknown): JsonRpcRequest {
  return { ...request, params: { ...request.params, cursor } }
}

async function withinTime<T>(work: Promise<T>, deadlineMs: number): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), deadlineMs)
  return Promise.race([work.catch(() => undefined), promise]).finally(() => clearTimeout(timer))
}
