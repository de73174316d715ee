/**
 * Connections of HTTP/1.1 (RFC 9112) on which requests come whole and one after another, as nearly all do: each is a
 * read and a write, without the objects that `node:http` makes for what could be. The first that is in any way unusual
 * goes to `node:http`, with the connection and everything that comes on it afterwards.
 */

import { type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type Deadline, startDeadline } from '../platform/deadline.ts'
import { atEndOfTurn } from '../platform/end-of-turn-node.ts'
import { HangUpSource } from '../platform/hang-up.ts'
import { createRequestReader, type ReadRequest, type WholeRequest } from '../platform/http1-request.ts'
import { asRequest, PlainRequest } from '../platform/plain-request.ts'
import { type PlainBody, PlainResponse } from '../platform/plain-response.ts'
import { askAlways, type Fetch, isPlainTarget, writeAll } from './listener-node.ts'

export interface WholeConnections {
  /** As from `server` itself: connections that have nothing under way end now. */
  closeIdle(): void
  closeAll(): void
}

export interface ConnectionTimeouts {
  /** Until a request that has begun is here whole. */
  headersMs: number
  /** Between an answer and the next request. */
  keepAliveMs: number
}

/** Takes the server's connections over from it, and hands back those that need it. */
export function takeConnections(
  server: Server,
  fetch: Fetch,
  timeouts: ConnectionTimeouts,
): WholeConnections {
  const [giveBack] = server.listeners('connection') as ((this: Server, socket: Socket) => void)[]
  const open = new Set<WholeConnection>()
  let isClosing = false
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const connection = serveConnection(socket, {
      fetch,
      timeouts,
      isClosing: () => isClosing,
      giveBack: () => {
        open.delete(connection)
        giveBack?.call(server, socket)
      },
      onClose: () => void open.delete(connection),
    })
    open.add(connection)
  })
  return {
    closeIdle() {
      isClosing = true
      for (const connection of open) connection.endIfIdle()
    },
    closeAll() {
      for (const connection of open) connection.destroy()
    },
  }
}

interface WholeConnection {
  endIfIdle(): void
  destroy(): void
}

interface ConnectionOptions {
  fetch: Fetch
  timeouts: ConnectionTimeouts
  isClosing(): boolean
  /** With all that has come and was not answered. */
  giveBack(): void
  onClose(): void
}

/** A request that comes in more pieces than this, or slowly, is Node's: its parser keeps the time. */
const maximumPieces = 16
const maximumPiecesMs = 1_000

function serveConnection(socket: Socket, options: ConnectionOptions): WholeConnection {
  const { timeouts, isClosing } = options
  const { remoteAddress } = socket
  const reader = createRequestReader()
  /** What has come of the next request. */
  let held: Buffer | undefined
  let pieces = 0
  let begunAt = 0
  let isBusy = false
  /** Of whatever is awaited of the client. */
  let patience: Deadline | undefined
  /** Of the request that came last, and nearly always of this one too. */
  let address = { host: '', target: '', url: '' }
  let hangUp: HangUpSource | undefined

  function onData(bytes: Buffer): void {
    if (held === undefined) {
      held = bytes
      pieces = 1
    } else {
      if (pieces === 1) begunAt = performance.now()
      held = Buffer.concat([held, bytes])
      pieces++
    }
    // It asks on before it has its answer: so that nothing piles up, the rest waits on the wire.
    if (isBusy) socket.pause()
    else readNext()
  }

  function readNext(): void {
    if (held === undefined) return
    const isSlow = pieces > maximumPieces || (pieces > 1 && performance.now() - begunAt > maximumPiecesMs)
    const read: ReadRequest = isSlow ? 'unusual' : reader.read(held)
    if (read === 'unfinished') {
      waitFor(maximumPiecesMs)
      return
    }
    if (read === 'unusual' || !isAddressed(read)) {
      leave()
      return
    }
    patience?.clear()
    held = undefined
    isBusy = true
    // A response that cannot be written, such as one whose body somebody has read, ends its connection alone.
    answer(read).catch(() => socket.destroy())
  }

  function isAddressed({ headers, target }: WholeRequest): boolean {
    const host = headers.get('host') ?? ''
    if (host === address.host && target === address.target) return true
    if (!isPlainTarget(host, target)) return false
    address = { host, target, url: `http://${host}${target}` }
    return true
  }

  function waitFor(milliseconds: number): void {
    patience?.clear()
    patience = startDeadline(milliseconds, onTimeout)
  }

  function leave(): void {
    for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener)
    patience?.clear()
    if (held !== undefined) socket.unshift(held)
    options.giveBack()
  }

  async function answer({ method, headers, body }: WholeRequest): Promise<void> {
    const request = new PlainRequest({
      method,
      url: address.url,
      headers,
      body: body.length === 0 ? undefined : body,
      hangUp() {
        hangUp = new HangUpSource()
        if (socket.destroyed) hangUp.abort()
        return hangUp
      },
    })
    const response = await askAlways(options.fetch, asRequest(request), { peerAddress: remoteAddress })
    if (socket.destroyed) {
      await response.body?.cancel().catch(() => undefined)
      return
    }
    const { status, headers: fields, body: content } = PlainResponse.partsOf(response) ?? response
    const head = formatHead(status, fields, isClosing())
    if (content instanceof ReadableStream && method !== 'HEAD') {
      await pipe(head, content)
      return
    }
    if (content instanceof ReadableStream) await content.cancel().catch(() => undefined)
    const whole = content instanceof ReadableStream ? undefined : (content ?? undefined)
    atEndOfTurn(() => {
      if (socket.destroyed) return
      writeWhole(socket, head, method === 'HEAD' || status === 304 || status === 204 ? 'none' : whole)
      finish()
    })
  }

  function finish(): void {
    isBusy = false
    hangUp = undefined
    if (isClosing()) {
      socket.end()
      return
    }
    waitFor(timeouts.keepAliveMs)
    if (socket.isPaused()) socket.resume()
    readNext()
  }

  async function pipe(head: string, body: ReadableStream<Uint8Array>): Promise<void> {
    // A stream may stay open for hours.
    reader.forget()
    const isChunked = !contentLength.test(head)
    // Whoever opens a stream is told at once that it is open.
    socket.write(`${head}${isChunked ? 'transfer-encoding: chunked\r\n' : ''}\r\n`, 'latin1')
    // A piece of no length would be the end of the chunks.
    const write = (bytes: Uint8Array): boolean => bytes.length === 0 || writePiece(socket, bytes, isChunked)
    if (!(await writeAll(body, socket, write))) return
    if (isChunked) socket.write('0\r\n\r\n', 'latin1')
    finish()
  }

  /** Nobody reads what is still to be said, as `node:http` sees it too. */
  function onEnd(): void {
    socket.end()
  }

  function onTimeout(): void {
    // Half a request is Node's, which keeps the time from here on, or answers before the rest is here.
    if (held === undefined) socket.destroy()
    else leave()
  }

  function onClose(): void {
    patience?.clear()
    hangUp?.abort()
    options.onClose()
  }

  const listeners = { data: onData, end: onEnd, close: onClose, error: ignore }
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener)
  waitFor(timeouts.headersMs)

  return {
    endIfIdle() {
      if (!isBusy) socket.destroy()
    },
    destroy: () => void socket.destroy(),
  }
}

/** It is followed by 'close', and there is nobody left to tell. */
function ignore(): void {}

/* What is written */

function formatHead(status: number, headers: Headers, isLast: boolean): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (const [name, value] of headers) if (!ownFields.has(name)) head += `${name}: ${value}\r\n`
  return `${head}date: ${dateNow()}\r\nconnection: ${isLast ? 'close' : 'keep-alive'}\r\n`
}

/** Of the connection, which is not the answer's to speak of (RFC 9110 §7.6.1). */
const ownFields: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date'])
const contentLength = /\r\ncontent-length:/

/** `none`: a body would not belong to the answer, also where its length is told. */
function writeWhole(socket: Socket, head: string, body: PlainBody | 'none' | undefined): void {
  if (body === 'none' || body === undefined) {
    const length = body === 'none' || contentLength.test(head) ? '' : 'content-length: 0\r\n'
    socket.write(`${head}${length}\r\n`, 'latin1')
    return
  }
  const bytes = Buffer.byteLength(body)
  const whole = contentLength.test(head) ? `${head}\r\n` : `${head}content-length: ${bytes}\r\n\r\n`
  // Head and body in one write, and so in one packet: as text of one byte each, which nearly every answer is.
  if (typeof body === 'string' && bytes === body.length) socket.write(whole + body, 'latin1')
  else if (typeof body !== 'string' && bytes <= togetherBytes)
    socket.write(whole + viewOf(body).toString('latin1'), 'latin1')
  else {
    socket.cork()
    socket.write(whole, 'latin1')
    socket.write(body)
    socket.uncork()
  }
}

const togetherBytes = 65_536

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** RFC 9112 §7.1. */
function writePiece(socket: Socket, bytes: Uint8Array, isChunked: boolean): boolean {
  if (!isChunked) return socket.write(bytes)
  socket.cork()
  socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
  socket.write(bytes)
  const hasRoom = socket.write('\r\n', 'latin1')
  socket.uncork()
  return hasRoom
}

let date = { second: 0, text: '' }

function dateNow(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== date.second) date = { second, text: new Date(second * 1000).toUTCString() }
  return date.text
}
