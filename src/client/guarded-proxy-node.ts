/** The way out of a Chromium: a proxy on this machine that dials what the connector itself would, whatever redirects and scripts of a stranger's pages ask for. */

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createPublicLookup } from '../platform/outbound-dialer-node.ts'
import { OutboundError } from '../platform/outbound-fetch.ts'
import { isLocalhostName, parseUrl } from '../platform/url.ts'
import { isPrivateAtSight, type MayBePrivate } from './private-hosts.ts'

export interface GuardedProxyOptions {
  /** Other hosts are dialled at public addresses only. */
  mayBePrivate: MayBePrivate
  /** Not dialled at all. */
  closedHost: string | undefined
}

export interface GuardedProxy {
  address: string
  /** It was asked for, and is at an address that is not public. */
  hasRefused(hostname: string): boolean
  close(): Promise<void>
}

export async function openGuardedProxy({
  mayBePrivate,
  closedHost,
}: GuardedProxyOptions): Promise<GuardedProxy> {
  const refused = new Set<string>()
  const open = new Set<Duplex>()
  const lookupPublic = createPublicLookup()
  const server = createServer(forward)
  server.on('connection', track)
  server.on('connect', tunnel)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hasRefused: (hostname) => refused.has(hostname),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }

  /** https and WebSockets (RFC 9110 §9.3.6). */
  function tunnel(asked: IncomingMessage, client: Duplex, head: Buffer): void {
    const outward = dial(parseUrl(`http://${asked.url}`))
    if (outward === undefined) {
      refuse()
      return
    }
    let isThrough = false
    outward.once('connect', () => {
      isThrough = true
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      outward.write(head)
      client.pipe(outward).pipe(client)
    })
    outward.once('close', () => (isThrough ? client.destroy() : refuse()))
    client.once('close', () => outward.destroy())

    function refuse(): void {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    }
  }

  /** Plain http, by the absolute form of the target (RFC 9112 §3.2.2). No answer of ours is to look like the host's: a failure ends the connection. */
  function forward(asked: IncomingMessage, answer: ServerResponse): void {
    const target = /^http:/i.test(asked.url ?? '') ? parseUrl(asked.url ?? '') : undefined
    const outward = dial(target)
    if (outward === undefined || target === undefined) return void asked.socket.destroy()
    const onward = request({
      method: asked.method,
      path: `${target.pathname}${target.search}`,
      headers: { ...endToEnd(asked), connection: 'close' },
      createConnection: () => outward,
    })
    onward.once('response', (given) => {
      answer.writeHead(given.statusCode ?? 502, endToEnd(given))
      given.pipe(answer)
      given.once('error', () => asked.socket.destroy())
    })
    onward.once('error', () => asked.socket.destroy())
    answer.once('close', () => outward.destroy())
    asked.pipe(onward)
  }

  /** Undefined for what is not dialled. */
  function dial(target: URL | undefined): Socket | undefined {
    if (target === undefined || target.hostname === closedHost) return undefined
    const { hostname, port } = target
    const isBound = !mayBePrivate(hostname)
    if (isBound && isPrivateAtSight(hostname)) {
      refused.add(hostname)
      return undefined
    }
    const socket = connect({
      // A browser asks nobody for these names (RFC 6761 §6.3), and not every system's resolver knows them.
      host: isLocalhostName(hostname) ? 'localhost' : hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 80),
      ...(isBound ? { lookup: lookupPublic } : {}),
    })
    socket.once('error', (error) => {
      if (error instanceof OutboundError) refused.add(hostname)
    })
    track(socket)
    return socket
  }

  function track(socket: Duplex): void {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => undefined)
  }
}

/** All headers but those of one connection (RFC 9110 §7.6.1). */
function endToEnd({ headers }: IncomingMessage): IncomingMessage['headers'] {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const own = new Set([
    ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
    ...named,
  ])
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name)))
}
