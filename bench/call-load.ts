/** Clients of one or more instances: they connect once, as one person, and call as fast as they are answered. */

import { connect, createBrowser, type OpenDoor } from '../test/door.ts'
import type { Connection } from './authorization-flow.ts'
import { exchangesOn, type LoadResult, open, resultOf } from './refresh-load.ts'

export interface Place {
  /** Where requests go; what clients know may be another name. */
  origin: string
  connectorUrl: string
}

/** Signs in at the first connection, and is known from then on. */
export function createConnecting({ origin, connectorUrl }: Place): () => Promise<Connection> {
  const send: OpenDoor['fetch'] = (path, init) =>
    fetch(new URL(path, origin), { redirect: 'manual', ...init })
  const door: OpenDoor = {
    origin,
    mcpUrl: connectorUrl,
    fetch: send,
    browser: () => createBrowser(origin, send),
  }
  const browser = door.browser()
  return () => connect(door, { browser })
}

export async function connectMany(one: () => Promise<Connection>, count: number): Promise<Connection[]> {
  const all = [await one()]
  while (all.length < count) all.push(...(await Promise.all(Array.from({ length: connectedAtOnce }, one))))
  return all.slice(0, count)
}

const connectedAtOnce = 8
const callParams = { name: 'whoami', arguments: { text: 'x' } }
const initializeParams = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1' },
}

/** One request under way on each connection, spread over the places. */
export function callsOver(
  places: readonly string[],
  own: readonly Connection[],
  connections: number,
): (seconds: number) => Promise<LoadResult> {
  return async (time) => {
    const begin = performance.now()
    const lanes = Array.from({ length: connections }, async (_, lane) => {
      const place = new URL('/mcp', places[lane % places.length])
      const socket = await open(place)
      const ask = exchangesOn(socket)
      const token = own[lane]?.accessToken ?? ''
      const opened = await ask(mcpRequest(place, token, undefined, 'initialize', initializeParams))
      const session = /\r\nmcp-session-id: *(\S+)/i.exec(opened.head)?.[1]
      const durations: number[] = []
      while (performance.now() < begin + time * 1000) {
        const sentAt = performance.now()
        const { head } = await ask(mcpRequest(place, token, session, 'tools/call', callParams))
        if (!head.startsWith('HTTP/1.1 200')) throw new Error(head)
        durations.push(performance.now() - sentAt)
      }
      socket.destroy()
      return durations
    })
    const durations = (await Promise.all(lanes)).flat()
    return resultOf(durations, (performance.now() - begin) / 1000)
  }
}

function mcpRequest(
  place: URL,
  token: string,
  session: string | undefined,
  method: string,
  params: object,
): string {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  return [
    `POST ${place.pathname} HTTP/1.1`,
    `Host: ${place.host}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `Authorization: Bearer ${token}`,
    ...(session === undefined ? [] : [`Mcp-Session-Id: ${session}`]),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}
