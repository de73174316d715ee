// One request to the token or MCP endpoint, made as badly as networks and clients make them: dropped, slow to write, slow to read.

import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { ServedDoor } from './served-door.ts'

export interface Answer {
  kind: 'answer'
  status: number
  body: Record<string, unknown>
}

/** Nobody knows whether the server did what it was asked. */
export interface Lost {
  kind: 'lost'
}

export interface Manners {
  /** The client closes its socket so many milliseconds after it sent everything, without having read. */
  dropAfterMs?: number
  /** The body leaves in two halves, so many milliseconds apart. */
  writeSlowlyMs?: number
  /** The answer is not read before so many milliseconds have passed. */
  readSlowlyMs?: number
}

export interface Exchanges {
  refresh(refreshToken: string, clientId: string, manners?: Manners): Promise<Answer | Lost>
  /** The first request of every MCP client. */
  callMcp(accessToken: string): Promise<Answer | Lost>
  close(): void
}

const attemptTimeoutMs = 10_000

export function createExchanges(door: ServedDoor): Exchanges {
  const keptAlive = new Agent({ keepAlive: true })

  function post(
    path: string,
    headers: Record<string, string>,
    body: string,
    manners: Manners,
  ): Promise<Answer | Lost> {
    const isOrdinary = Object.keys(manners).length === 0
    return new Promise((resolve) => {
      const lost = (): void => resolve({ kind: 'lost' })
      const outgoing = request({
        host: '127.0.0.1',
        port: door.port,
        method: 'POST',
        path,
        // Bad manners spoil a connection for the next one.
        agent: isOrdinary ? keptAlive : false,
        headers: {
          host: `localhost:${door.port}`,
          ...headers,
          'content-length': String(Buffer.byteLength(body)),
        },
        timeout: attemptTimeoutMs,
      })
      outgoing.on('timeout', () => outgoing.destroy())
      outgoing.on('error', lost)
      outgoing.on('response', (incoming) => read(incoming, manners).then(resolve, lost))
      write(outgoing, body, manners).catch(lost)
    })
  }

  return {
    refresh(refreshToken, clientId, manners = {}) {
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return post('/oauth/token', headers, new URLSearchParams(form).toString(), manners)
    },
    callMcp(accessToken) {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${accessToken}`,
      }
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'torture', version: '1' },
      }
      return post(
        '/mcp',
        headers,
        JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
        {},
      )
    },
    close: () => keptAlive.destroy(),
  }
}

async function write(outgoing: ClientRequest, body: string, manners: Manners): Promise<void> {
  const { dropAfterMs, writeSlowlyMs } = manners
  if (dropAfterMs !== undefined) {
    outgoing.on('finish', () => setTimeout(() => outgoing.destroy(), dropAfterMs))
  }
  if (writeSlowlyMs === undefined) return void outgoing.end(body)
  const half = body.length >> 1
  outgoing.write(body.slice(0, half))
  await wait(writeSlowlyMs)
  outgoing.end(body.slice(half))
}

async function read(
  incoming: IncomingMessage,
  { readSlowlyMs, dropAfterMs }: Manners,
): Promise<Answer | Lost> {
  // It was in time, and is still not looked at.
  if (dropAfterMs !== undefined) {
    incoming.destroy()
    return { kind: 'lost' }
  }
  if (readSlowlyMs !== undefined) {
    incoming.pause()
    await wait(readSlowlyMs)
  }
  let text = ''
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk
  return { kind: 'answer', status: incoming.statusCode ?? 0, body: readJson(text) }
}

function readJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return { text }
  }
}
