/** Reads along when a list of tools goes by, so that a definition that has become another is noticed; what goes by is not held up and not changed. */

import type { PassedTools } from '../ledger/tool-ledger.ts'
import { isRequest, type JsonRpcRequest, metaOf } from '../mcp/json-rpc.ts'
import { clientCapabilitiesMeta, protocolVersionMeta } from '../mcp/protocol-version.ts'
import { concatenate } from '../platform/bounded-body.ts'
import { createBoundedMap } from '../platform/bounded-map.ts'
import { encodeBase64Url, sha256 } from '../platform/crypto.ts'
import { asResponse, type PlainBody, PlainResponse } from '../platform/plain-response.ts'
import { readDefinition, type ToolDefinition } from './catalogue.ts'
import type { ConnectorSettings } from './connector-settings.ts'
import { readAnswers } from './event-relay.ts'
import { defaultUpstreamLimits } from './limits.ts'
import type { UpstreamCall } from './upstream.ts'

/** Rejects where it is worth to be told the same again. */
export type NoteTools = (list: PassedTools) => Promise<void>

/** The same connector; `note` is told of every list that is not, to the letter, what such a client was told last. */
export function watchTools(connector: ConnectorSettings, note: NoteTools): ConnectorSettings {
  const { upstream } = connector
  const judged = createBoundedMap<string, string>(maximumJudged)

  function post(call: UpstreamCall): Promise<Response> {
    const asked = call.messages.find(isToolsRequest)
    return asked === undefined ? upstream.post(call) : postWatched(call, asked)
  }

  async function postWatched(call: UpstreamCall, asked: JsonRpcRequest): Promise<Response> {
    const response = await upstream.post(call)
    if (response.status !== 200) return response
    return readAlong(response, (bytes) => {
      judge(call, asked, bytes, response.headers.get('content-type') ?? '').catch(() => undefined)
    })
  }

  async function judge(
    call: UpstreamCall,
    asked: JsonRpcRequest,
    body: PlainBody,
    type: string,
  ): Promise<void> {
    const personalKey = call.caller.credential === connector.credential ? undefined : call.caller.key
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
    const kind = kindOf(call, asked)
    const place = JSON.stringify([personalKey, kind, asked.params?.cursor])
    // The id is another with every request, and says nothing.
    const fingerprint = encodeBase64Url(sha256(text.replace(`"id":${JSON.stringify(asked.id)}`, '')))
    if (judged.get(place) === fingerprint) return
    judged.set(place, fingerprint)
    try {
      const list = await readList(call, asked, text, type)
      if (list === undefined) return
      const { emit } = call.caller
      await note({ connector: connector.path, ...list, kind, personalKey, emit })
    } catch (error) {
      judged.delete(place)
      throw error
    }
  }

  return {
    ...connector,
    upstream: {
      name: upstream.name,
      isLocal: upstream.isLocal === true,
      post,
      initialize: (call) => upstream.initialize(call),
      listen: (call, onEnd) => upstream.listen(call, onEnd),
      end: (caller, session) => upstream.end(caller, session),
      close: () => upstream.close(),
    },
  }
}

/** Of one connector: its pages, in each revision, for some callers. */
const maximumJudged = 200
/** A list that is longer goes by unread. */
const maximumBytes = 4 * 1024 * 1024

function isToolsRequest(message: UpstreamCall['messages'][number]): message is JsonRpcRequest {
  return isRequest(message) && message.method === 'tools/list'
}

/** What a server may make its tools depend on. */
function kindOf({ era, session }: UpstreamCall, asked: JsonRpcRequest): string {
  return JSON.stringify([
    era,
    session?.protocolVersion ?? metaOf(asked, protocolVersionMeta),
    session?.clientCapabilities ?? metaOf(asked, clientCapabilitiesMeta),
  ])
}

async function readList(
  call: UpstreamCall,
  asked: JsonRpcRequest,
  text: string,
  type: string,
): Promise<{ tools: ToolDefinition[]; isPart: boolean } | undefined> {
  const whole = new Response(text, { headers: { 'content-type': type } })
  const answers = await readAnswers(whole, call.messages.filter(isRequest).length, defaultUpstreamLimits)
  const result = answers.find(({ response }) => response.id === asked.id)?.response.result
  if (!Array.isArray(result?.tools)) return undefined
  const tools = result.tools.map(readDefinition).filter((tool) => tool !== undefined)
  return { tools, isPart: asked.params?.cursor !== undefined || result.nextCursor !== undefined }
}

/** The same response; `onRead` is called with what of its body has gone by when it is over, also if its reader has left. */
function readAlong(response: Response, onRead: (body: PlainBody) => void): Response {
  const { status, headers } = response
  const whole = PlainResponse.takeBody(response)
  if (whole !== undefined) {
    if (whole.length <= maximumBytes) setTimeout(onRead, 0, whole)
    return asResponse(new PlainResponse(whole, { status, headers }))
  }
  if (response.body === null) return response
  return new Response(collected(response.body, onRead), { status, headers })
}

function collected(
  source: ReadableStream<Uint8Array>,
  onRead: (body: PlainBody) => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let parts: Uint8Array[] = []
  let size = 0
  const over = (): void => {
    if (size > 0 && size <= maximumBytes) onRead(concatenate(parts, size))
  }
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read()
      if (done) {
        controller.close()
        over()
        return
      }
      size += value.byteLength
      if (size <= maximumBytes) parts.push(value)
      else parts = []
      controller.enqueue(value)
    },
    cancel(reason) {
      over()
      return reader.cancel(reason)
    },
  })
}
