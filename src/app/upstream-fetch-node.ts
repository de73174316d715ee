/** The way to MCP servers at a URL on Node: connections of HTTP/1.1 that are kept, each exchange a write and a read, and a stream may stay silent for as long as it likes. What is neither is left to undici. */

import { connect as connectPlainly, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { atEndOfTurn } from '../platform/end-of-turn-node.ts'
import { type HangUp, knowingHangUps } from '../platform/hang-up.ts'
import {
  type AnswerHead,
  type AnswerReader,
  createAnswerReader,
  readWholeAnswer,
} from '../platform/http1-answer.ts'
import { PlainHeaders } from '../platform/plain-headers.ts'
import { asResponse, PlainResponse } from '../platform/plain-response.ts'

export const connectTimeoutMs = 5_000
/** A tool may think for minutes before the first byte; the gateway has deadlines of its own. */
export const noTimeLimit = 0
/** A server that says nothing about it keeps connections for 5 s at least; whoever writes into one that is just being closed fails. */
const idleMs = 4_000
const maximumIdle = 256
/** What a stream holds for a reader that is slower than the server. */
const heldBytes = 65_536

export interface UpstreamFetch {
  fetch: typeof fetch
  close(): void
}

export function createUpstreamFetch(): UpstreamFetch {
  const pools = new Map<string, Pool>()

  function upstreamFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    try {
      const target = targetOf(String(input))
      return exchange(poolOf(target), target, init)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  function poolOf(target: Target): Pool {
    const known = pools.get(target.origin)
    if (known !== undefined) return known
    const pool = createPool(target)
    pools.set(target.origin, pool)
    return pool
  }

  return {
    fetch: knowingHangUps(upstreamFetch as typeof fetch),
    close() {
      for (const pool of pools.values()) pool.close()
      pools.clear()
    },
  }
}

/* Where to */

interface Target {
  origin: string
  host: string
  hostname: string
  port: number
  isSecure: boolean
  path: string
}

const targets = new Map<string, Target>()
const maximumTargets = 1000

function targetOf(url: string): Target {
  const known = targets.get(url)
  if (known !== undefined) return known
  const { origin, host, hostname, port, protocol, pathname, search } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new TypeError(`${protocol} is not a way to an MCP server`)
  const isSecure = protocol === 'https:'
  const target: Target = {
    origin,
    host,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    isSecure,
    path: pathname + search,
  }
  if (targets.size >= maximumTargets) targets.clear()
  targets.set(url, target)
  return target
}

/* Connections */

interface Connection {
  socket: Socket
  /** Of the exchange that is under way on it. */
  current: Exchange | undefined
  idleUntil: number
}

/** Whatever comes is written here first, which saves Node making 64 kB for each read to find out how much of it is needed. */
const commonBuffer = Buffer.allocUnsafeSlow(65_536)

interface Exchange extends AnswerReader {
  fail(error: Error): void
}

interface Pool {
  take(): Connection
  give(connection: Connection, keptMs: number): void
  close(): void
}

function createPool(target: Target): Pool {
  const idle: Connection[] = []
  let isClosed = false
  let sweep: ReturnType<typeof setInterval> | undefined

  function drop(connection: Connection): void {
    const at = idle.indexOf(connection)
    if (at >= 0) idle.splice(at, 1)
  }

  function open(): Connection {
    const { hostname: host, port } = target
    const socket = target.isSecure
      ? connectSecurely({ host, port, servername: host, ALPNProtocols: ['http/1.1'] }).on('data', onBytes)
      : connectPlainly({ host, port, onread: { buffer: commonBuffer, callback: onCommonBuffer } })
    const connection: Connection = { socket, current: undefined, idleUntil: 0 }
    socket.setNoDelay(true)
    socket.setTimeout(connectTimeoutMs, () => socket.destroy(coded('ETIMEDOUT', 'no connection in time')))
    socket.once(target.isSecure ? 'secureConnect' : 'connect', () => socket.setTimeout(0))
    socket.once('end', () => endOf(connection))
    socket.once('error', (error) => connection.current?.fail(error))
    socket.once('close', () => {
      drop(connection)
      connection.current?.fail(coded('ECONNRESET', 'the connection was closed'))
    })
    return connection

    /** Of which what is read is copied, since whatever comes next is written over it. */
    function onCommonBuffer(length: number): boolean {
      onBytes(Buffer.from(commonBuffer.subarray(0, length)))
      return true
    }

    function onBytes(bytes: Buffer): void {
      const { current } = connection
      // Nobody asked: it would be taken for the next answer.
      if (current === undefined) socket.destroy()
      else readInto(current, bytes, socket)
    }
  }

  return {
    take() {
      const now = performance.now()
      for (let one = idle.pop(); one !== undefined; one = idle.pop()) {
        if (one.idleUntil > now && one.socket.writable) {
          one.socket.ref()
          return one
        }
        one.socket.destroy()
      }
      return open()
    },
    give(connection, keptMs) {
      connection.current = undefined
      if (isClosed || keptMs <= 0 || idle.length >= maximumIdle || connection.socket.destroyed) {
        connection.socket.destroy()
        return
      }
      connection.idleUntil = performance.now() + keptMs
      // A program that has nothing else to do may end.
      connection.socket.unref()
      idle.push(connection)
      sweep ??= setInterval(() => {
        const now = performance.now()
        for (const one of idle.filter(({ idleUntil }) => idleUntil <= now)) one.socket.destroy()
      }, idleMs).unref()
    },
    close() {
      isClosed = true
      clearInterval(sweep)
      for (const { socket } of idle.splice(0)) socket.destroy()
    },
  }
}

function readInto(exchange: Exchange, bytes: Buffer, socket: Socket): void {
  try {
    exchange.read(bytes)
  } catch (error) {
    exchange.fail(error as Error)
    socket.destroy()
  }
}

function endOf({ current, socket }: Connection): void {
  if (current !== undefined) {
    try {
      current.end()
    } catch (error) {
      current.fail(coded('ECONNRESET', (error as Error).message))
    }
  }
  socket.destroy()
}

/* Exchanges */

function exchange(pool: Pool, target: Target, init: RequestInit): Promise<Response> {
  const { method = 'GET' } = init
  const signal: HangUp | null | undefined = init.signal
  if (signal?.aborted) throw signal.reason
  const write = requestOf(method, target, init)
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const connection = pool.take()
  const { socket } = connection
  let head: AnswerHead | undefined
  /** What came with the head, until it is known whether that is all. */
  let first: Uint8Array | undefined
  let stream: BodyStream | undefined
  let isOver = false
  let reader: AnswerReader | undefined

  const abort = (): void => {
    fail(signal?.reason as Error)
    socket.destroy()
  }

  function settle(): void {
    isOver = true
    connection.current = undefined
    signal?.removeEventListener('abort', abort)
  }

  function fail(error: Error): void {
    if (isOver) return
    settle()
    if (stream !== undefined) stream.fail(error)
    else reject(signal?.aborted ? error : new TypeError('fetch failed', { cause: error }))
  }

  function createReader(): AnswerReader {
    return createAnswerReader(method, {
      onHead(found) {
        head = found
      },
      onBody(bytes) {
        if (stream !== undefined) stream.push(bytes)
        else if (first === undefined) first = bytes
        else openStream().push(bytes)
      },
      onEnd(isReusable) {
        const keptMs = isReusable ? keptOf(head) : 0
        settle()
        if (stream !== undefined) stream.end()
        else if (head !== undefined) resolve(wholeResponse(head, first))
        pool.give(connection, keptMs)
      },
    })
  }

  function openStream(): BodyStream {
    const opened = createBodyStream(socket, settle)
    stream = opened
    if (first !== undefined) opened.push(first)
    if (head !== undefined) resolve(streamedResponse(head, opened.body))
    return opened
  }

  connection.current = {
    read(bytes) {
      const whole = reader === undefined && method !== 'HEAD' ? readWholeAnswer(bytes) : undefined
      if (whole !== undefined) {
        settle()
        resolve(wholeResponse(whole, whole.body))
        pool.give(connection, keptOf(whole))
        return
      }
      reader ??= createReader()
      reader.read(bytes)
      // The head is here and the body is not: whoever asked decides how long to wait for it.
      if (!isOver && head !== undefined && stream === undefined) openStream()
    },
    end() {
      reader ??= createReader()
      reader.end()
    },
    fail,
  }
  signal?.addEventListener('abort', abort, { once: true })
  atEndOfTurn(() => {
    if (!isOver) write(socket)
  })
  return promise
}

/** Throws for a header that could be read as more than one. */
function requestOf(method: string, target: Target, { headers, body }: RequestInit): (socket: Socket) => void {
  const fields = headers instanceof PlainHeaders ? headers : new PlainHeaders(headers ?? {})
  let head = `${method} ${target.path} HTTP/1.1\r\nhost: ${target.host}\r\n`
  for (const [name, value] of fields) if (!ownFields.has(name)) head += `${name}: ${value}\r\n`
  if (body === undefined || body === null) return (socket) => void socket.write(`${head}\r\n`, 'latin1')
  const bytes = typeof body === 'string' ? Buffer.from(body) : viewOf(body)
  head += `content-length: ${bytes.byteLength}\r\n\r\n`
  return function write(socket) {
    if (bytes.byteLength <= togetherBytes) {
      // In one write, and so in one packet.
      socket.write(head + bytes.toString('latin1'), 'latin1')
      return
    }
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(bytes)
    socket.uncork()
  }
}

const ownFields: ReadonlySet<string> = new Set(['host', 'connection', 'content-length', 'transfer-encoding'])
const togetherBytes = 16_384

function viewOf(body: BodyInit): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  throw new TypeError('a body must be text or bytes')
}

/** RFC 9112 leaves it to both; the hint is what servers say of themselves (`Keep-Alive: timeout=5`). */
function keptOf(head: AnswerHead | undefined): number {
  const [, seconds] = /timeout=(\d{1,6})/.exec(head?.headers.get('keep-alive') ?? '') ?? []
  return seconds === undefined ? idleMs : Math.min(Number(seconds) * 1000 - 1000, maximumIdleMs)
}

const maximumIdleMs = 60_000

/* Answers */

function wholeResponse({ status, headers }: AnswerHead, body: Uint8Array | undefined): Response {
  const encoding = encodingOf(headers)
  if (encoding === undefined || body === undefined)
    return asResponse(new PlainResponse(body, { status, headers }))
  return streamedResponse({ status, headers }, new Blob([body as BlobPart]).stream())
}

function streamedResponse({ status, headers }: AnswerHead, body: ReadableStream<Uint8Array>): Response {
  const encoding = encodingOf(headers)
  const read = encoding === undefined ? body : body.pipeThrough(new DecompressionStream(encoding) as never)
  return new Response(read as BodyInit, { status, headers: [...headers] })
}

/** We ask for none; a server that compresses all the same is understood where that is usual. */
function encodingOf(headers: PlainHeaders): 'gzip' | 'deflate' | undefined {
  const encoding = headers.get('content-encoding')?.toLowerCase()
  if (encoding === undefined || encoding === '' || encoding === 'identity') return undefined
  if (encoding === 'gzip' || encoding === 'deflate') return encoding
  throw new SyntaxError(`the answer is compressed by ${encoding}, which nobody asked for`)
}

interface BodyStream {
  body: ReadableStream<Uint8Array>
  push(bytes: Uint8Array): void
  end(): void
  fail(error: Error): void
}

/** Reads no faster than it is read from. */
function createBodyStream(socket: Socket, onCancel: () => void): BodyStream {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let isOver = false
  const body = new ReadableStream<Uint8Array>(
    {
      start(opened) {
        controller = opened
      },
      pull: () => void socket.resume(),
      cancel() {
        isOver = true
        onCancel()
        socket.destroy()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: heldBytes }),
  )
  return {
    body,
    push(bytes) {
      if (isOver) return
      controller?.enqueue(bytes)
      if ((controller?.desiredSize ?? 0) <= 0) socket.pause()
    },
    end() {
      if (isOver) return
      isOver = true
      socket.resume()
      controller?.close()
    },
    fail(error) {
      if (isOver) return
      isOver = true
      controller?.error(new TypeError('terminated', { cause: error }))
    },
  }
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
