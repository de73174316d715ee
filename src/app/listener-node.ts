/** Requests of `node:http` answered without the cost of the web's own objects: most of what a relayed call would take. What is unusual goes to the library that knows every case. */

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import type { getRequestListener } from '@hono/node-server'
import { atEndOfTurn } from '../platform/end-of-turn-node.ts'
import { type HangUp, HangUpSource } from '../platform/hang-up.ts'
import { PlainHeaders } from '../platform/plain-headers.ts'
import { asRequest, lightRequestClass, PlainRequest } from '../platform/plain-request.ts'
import { lightResponseClass, type PlainBody, PlainResponse } from '../platform/plain-response.ts'
import type { Connection } from '../platform/request-source.ts'

export type Fetch = (request: Request, connection: Connection) => Promise<Response>

export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

export function createNodeListener(fetch: Fetch): NodeListener {
  let others: Promise<ReturnType<typeof getRequestListener>> | undefined

  async function listenerForOthers(): Promise<ReturnType<typeof getRequestListener>> {
    const library = await import('@hono/node-server')
    return library.getRequestListener(
      async (request, { incoming }) =>
        PlainResponse.realOf(await fetch(request, { peerAddress: incoming.socket.remoteAddress })),
      { overrideGlobalObjects: false },
    )
  }

  return async function answerNodeRequest(incoming, outgoing) {
    const request = readPlainRequest(incoming, outgoing)
    if (request === undefined) {
      others ??= listenerForOthers()
      const answer = await others
      await answer(incoming, outgoing)
      return
    }
    const response = await askAlways(fetch, request, { peerAddress: incoming.socket.remoteAddress })
    if (outgoing.destroyed) {
      await response.body?.cancel().catch(() => undefined)
      return
    }
    endUnreadBody(incoming, outgoing)
    const parts = PlainResponse.partsOf(response)
    const { status, headers, body } = parts ?? response
    if (body === null || body instanceof ReadableStream) await pipe({ status, headers, body }, outgoing)
    else
      atEndOfTurn(() => {
        if (!outgoing.destroyed) writePlain({ status, headers, body }, outgoing)
      })
  }
}

/** Whoever handed in `fetch` tells its own log of a fault; the client learns no more than that there was one. */
export async function askAlways(fetch: Fetch, request: Request, connection: Connection): Promise<Response> {
  try {
    return await fetch(request, connection)
  } catch {
    return new Response(null, { status: 500 })
  }
}

/** The name and the path as they are written on nearly every request: what a URL parser would leave as it is. */
export function isPlainTarget(host: string, target: string): boolean {
  return plainHost.test(host) && plainPath.test(target) && !dotSegment.test(target)
}

const plainHost = /^[a-z0-9._-]+(?::\d{1,5})?$/
const plainPath = /^\/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*$/
const dotSegment = /\/\.\.?(?:[/?]|$)|%2e/i

function readPlainRequest(incoming: IncomingMessage, outgoing: ServerResponse): Request | undefined {
  const { method = '', url = '', headers, rawHeaders } = incoming
  const { host = '' } = headers
  if (!isPlainTarget(host, url) || !plainMethods.has(method)) return undefined
  if (headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return undefined
  // A header that came twice: Node and the web differ in what to make of it.
  if (rawHeaders.length !== 2 * Object.keys(headers).length || headers['set-cookie'] !== undefined)
    return undefined
  const length = headers['content-length']
  const hasBody = method !== 'GET' && method !== 'HEAD' && length !== undefined && length !== '0'
  const scheme = 'encrypted' in incoming.socket ? 'https' : 'http'
  return asRequest(
    new PlainRequest({
      method,
      url: `${scheme}://${host}${url}`,
      headers: PlainHeaders.ofParsed(headers as Record<string, string>),
      body: hasBody ? () => readWhole(incoming) : undefined,
      hangUp: () => hangUpOf(outgoing),
    }),
  )
}

const plainMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])

/** Its length was told, so the parser ends it there. */
function readWhole(incoming: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => void chunks.push(chunk))
    incoming.once('end', () => {
      const [only] = chunks
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks))
    })
    incoming.once('error', reject)
    incoming.once('close', () => {
      if (!incoming.complete) reject(new Error('the connection ended within the body'))
    })
  })
}

/** Told when the client hangs up before it has the whole answer. */
function hangUpOf(outgoing: ServerResponse): HangUp {
  const hangUp = new HangUpSource()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) hangUp.abort()
  })
  return hangUp
}

/** Node reads to its end what nobody asked for. That is no use where much is announced: the connection ends instead. */
function endUnreadBody(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (incoming.complete || Number(incoming.headers['content-length'] ?? 0) <= worthReadingBytes) return
  if (incoming.readableDidRead) return
  outgoing.setHeader('connection', 'close')
  outgoing.once('finish', () => setTimeout(() => incoming.socket.destroy(), lingerMs).unref())
}

const worthReadingBytes = 65_536
/** So that the client has time to read the answer: what is still being sent would reset the connection. */
const lingerMs = 500

interface FinishedAnswer {
  status: number
  headers: Headers
  body: PlainBody | undefined
}

function writePlain({ status, headers, body }: FinishedAnswer, outgoing: ServerResponse): void {
  const fields: string[] = []
  for (const [name, value] of headers) fields.push(name, value)
  if (body === undefined) {
    if (status !== 204 && status !== 304 && !headers.has('content-length')) fields.push('content-length', '0')
    outgoing.writeHead(status, fields).end()
    return
  }
  const isText = typeof body === 'string'
  if (!headers.has('content-length'))
    fields.push('content-length', String(isText ? Buffer.byteLength(body) : body.byteLength))
  outgoing.writeHead(status, fields)
  // As text it goes out together with the head, in one write.
  if (isText) outgoing.end(body)
  else if (body.byteLength > togetherBytes) outgoing.end(body)
  else outgoing.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'), 'latin1')
}

const togetherBytes = 65_536

interface StreamedAnswer {
  status: number
  headers: Headers
  body: ReadableStream<Uint8Array> | null
}

async function pipe({ status, headers, body }: StreamedAnswer, outgoing: ServerResponse): Promise<void> {
  const fields: OutgoingHttpHeaders = {}
  for (const [name, value] of headers) fields[name] = value
  const cookies = headers.getSetCookie()
  if (cookies.length > 0) fields['set-cookie'] = cookies
  outgoing.writeHead(status, fields)
  if (body === null) {
    outgoing.end()
    return
  }
  // Whoever opens a stream is told at once that it is open.
  if (headers.get('content-type')?.startsWith('text/event-stream')) outgoing.flushHeaders()
  if (await writeAll(body, outgoing, (bytes) => outgoing.write(bytes))) outgoing.end()
}

/** As fast as the client reads, and no longer than it stays. Whether that was all; where it was not, nothing more may follow. */
export async function writeAll(
  body: ReadableStream<Uint8Array>,
  outgoing: Writable,
  write: (bytes: Uint8Array) => boolean,
): Promise<boolean> {
  const reader = body.getReader()
  const cancel = (): void => void reader.cancel().catch(() => undefined)
  outgoing.once('close', cancel)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (outgoing.destroyed) return false
      if (done) return true
      if (!write(value)) await untilDrained(outgoing)
    }
  } catch {
    // Cut short it must not look whole.
    outgoing.destroy()
    return false
  } finally {
    outgoing.off('close', cancel)
  }
}

function untilDrained(outgoing: Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      outgoing.off('drain', go)
      outgoing.off('close', go)
      resolve()
    }
    outgoing.on('drain', go)
    outgoing.on('close', go)
  })
}

/** Makes this process's own Request and Response the light ones, for programs that are nothing but this server. */
export function ownWebObjects(): void {
  const globals = { Request: lightRequestClass(), Response: lightResponseClass() }
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
  }
}
