/** A load of refreshes that costs its own process little: plain sockets, kept alive, one request under way on each. */

import { connect, type Socket } from 'node:net'
import type { Connection } from './authorization-flow.ts'

export interface Load {
  /** As many refreshes as there is time for; each connection goes on with the families that are its own. */
  run(seconds: number): Promise<LoadResult>
  close(): void
}

export interface LoadResult {
  perSecond: number
  /** From sending the request to having read the answer. */
  medianMs: number
  p99Ms: number
}

export function createLoad(endpoint: URL, families: readonly Connection[], connections: number): Load {
  const lanes = Array.from({ length: connections }, (_, index) =>
    createLane(
      endpoint,
      families.filter((_, family) => family % connections === index),
    ),
  )
  return {
    async run(seconds) {
      const begin = performance.now()
      const durations = (
        await Promise.all(lanes.map((lane) => lane.refreshUntil(begin + seconds * 1000)))
      ).flat()
      const elapsed = (performance.now() - begin) / 1000
      return resultOf(durations, elapsed)
    },
    close() {
      for (const lane of lanes) lane.close()
    },
  }
}

export function resultOf(durations: number[], elapsedSeconds: number): LoadResult {
  const sorted = durations.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { perSecond: sorted.length / elapsedSeconds, medianMs: at(0.5), p99Ms: at(0.99) }
}

interface Lane {
  refreshUntil(deadline: number): Promise<number[]>
  close(): void
}

function createLane(endpoint: URL, families: readonly Connection[]): Lane {
  let socket: Socket | undefined
  let turn = 0
  return {
    async refreshUntil(deadline) {
      // Anew for each run: servers close what is idle while others have their turn.
      socket = await open(endpoint)
      const ask = exchangesOn(socket)
      const durations: number[] = []
      while (performance.now() < deadline) {
        const family = families[turn++ % families.length]
        if (family === undefined) throw new RangeError('a connection without a family')
        const sentAt = performance.now()
        const { head, body } = await ask(requestOf(endpoint, family))
        durations.push(performance.now() - sentAt)
        // In place, so that another load on another instance goes on from here.
        family.refreshToken = readRefreshToken(head, body)
      }
      socket.destroy()
      return durations
    },
    close: () => void socket?.destroy(),
  }
}

export async function open(endpoint: URL): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(endpoint.port), noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket
}

function requestOf(endpoint: URL, { clientId, refreshToken }: Omit<Connection, 'accessToken'>): string {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
  const body = new URLSearchParams(form).toString()
  return [
    `POST ${endpoint.pathname} HTTP/1.1`,
    `Host: ${endpoint.host}`,
    'Content-Type: application/x-www-form-urlencoded',
    'Accept: application/json',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}

function readRefreshToken(head: string, body: string): string {
  const token = /"refresh_token":\s*"([^"]+)"/.exec(body)?.[1]
  if (token === undefined || !head.startsWith('HTTP/1.1 200')) throw new Error(`${head}\r\n\r\n${body}`)
  return token
}

export interface HttpAnswer {
  head: string
  body: string
}

/** As much of HTTP/1.1 as answers need: a length that is told, or chunks. */
export function exchangesOn(socket: Socket): (request: string) => Promise<HttpAnswer> {
  let received = ''
  let waiting: PromiseWithResolvers<HttpAnswer> | undefined
  const fail = (error: Error): void => waiting?.reject(error)
  socket.setEncoding('latin1')
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  socket.on('data', (chunk: string) => {
    received += chunk
    const answer = readAnswer(received)
    if (answer === undefined || waiting === undefined) return
    received = ''
    waiting.resolve(answer)
  })
  return function exchange(request) {
    waiting = Promise.withResolvers<HttpAnswer>()
    socket.write(request)
    return waiting.promise
  }
}

/** Undefined while it is not whole. */
function readAnswer(received: string): HttpAnswer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = received.slice(0, end)
  const rest = received.slice(end + 4)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return rest.length < Number(length) ? undefined : { head, body: rest }
  return rest.endsWith('0\r\n\r\n') ? { head, body: rest } : undefined
}
