/** Postern on Node: listeners on the right addresses, a graceful end, and the guarded way out. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuardedDialer } from '../platform/outbound-dialer-node.ts'
import { createOutboundFetch, type OutboundFetch } from '../platform/outbound-fetch.ts'
import type { Connection } from '../platform/request-source.ts'
import { takeConnections, type WholeConnections } from './http1-connection-node.ts'
import { createNodeListener, ownWebObjects } from './listener-node.ts'

export interface ListenOptions {
  fetch: (request: Request, connection: Connection) => Promise<Response>
  port: number
  /** Default: 127.0.0.1 and ::1, so that nothing outside this machine gets in without being asked. */
  host?: string | undefined
  /** By which the port can be chosen, for the sentence that says that it cannot be had. Default: `--port`. */
  flag?: string | undefined
  /**
   * Replaces this process's Request and Response by ones that cost next to nothing, which answers several times as fast. Only for a program that is nothing but this server. Default: false.
   */
  ownsProcess?: boolean | undefined
}

export interface RunningServer {
  port: number
  /** What it listens on, for people. */
  addresses: readonly string[]
  /** Takes no new connections, lets requests in flight end for up to the deadline, then cuts them. */
  close(deadlineMs?: number): Promise<void>
}

/** For a Node server or framework of your own: Express, Fastify, `node:http`. It answers every path it is given. */
export function nodeHandler(
  fetch: ListenOptions['fetch'],
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void> {
  return createNodeListener(fetch)
}

/** A sentence for the operator: why nothing is being served. */
export class ListenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ListenError'
  }
}

const headersTimeoutMs = 15_000
/** Longer than the 60 to 75 s after which load balancers drop an idle connection: theirs must end first, or a request meets a closed socket. */
const keepAliveTimeoutMs = 80_000
/** Bodies are small; an upload slower than this is an attack. Streams go the other way and are not meant. */
const requestTimeoutMs = 120_000
const closeDeadlineMs = 10_000
const idleSweepMs = 50

interface Listening {
  server: Server
  whole: WholeConnections
}

export async function startServer(options: ListenOptions): Promise<RunningServer> {
  const hosts = options.host === undefined ? ['127.0.0.1', '::1'] : [options.host]
  const servers: Listening[] = []
  if (options.ownsProcess === true) ownWebObjects()
  const listener = createNodeListener(options.fetch)
  let port = options.port
  try {
    for (const host of hosts) {
      const server = createServer(listener)
      server.headersTimeout = headersTimeoutMs
      server.keepAliveTimeout = keepAliveTimeoutMs
      server.requestTimeout = requestTimeoutMs
      const whole = takeConnections(server, options.fetch, {
        headersMs: headersTimeoutMs,
        keepAliveMs: keepAliveTimeoutMs,
      })
      const isOptional = host === '::1' && servers.length > 0
      if (!(await listen(server, { host, port, flag: options.flag ?? '--port', isOptional }))) continue
      servers.push({ server, whole })
      port = (server.address() as AddressInfo).port
    }
  } catch (error) {
    await Promise.all(servers.map((one) => closeServer(one, 0)))
    throw error
  }
  return {
    port,
    addresses: servers.map(({ server }) => formatAddress(server.address() as AddressInfo)),
    close: async (deadlineMs = closeDeadlineMs) => {
      await Promise.all(servers.map((one) => closeServer(one, deadlineMs)))
    },
  }
}

interface Place {
  host: string
  port: number
  flag: string
  isOptional: boolean
}

/** False when the address does not exist on this machine and may be left out (IPv6 switched off). */
function listen(server: Server, place: Place): Promise<boolean> {
  const { host, port, isOptional } = place
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (isOptional && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'))
        return resolve(false)
      reject(new ListenError(listenFault(error, place), { cause: error }))
    })
    server.listen({ host, port, exclusive: true }, () => resolve(true))
  })
}

function listenFault(error: NodeJS.ErrnoException, { host, port, flag }: Place): string {
  if (error.code === 'EADDRINUSE') {
    return `port ${port} on ${host} is in use by another program; stop it, or choose another with ${flag}`
  }
  if (error.code === 'EACCES')
    return `port ${port} needs more rights than this user has; choose one above 1023 with ${flag}`
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `${host} is not an address of this machine; use 127.0.0.1, or 0.0.0.0 for all of them`
  }
  return `cannot listen on ${host} port ${port}: ${error.message}`
}

function closeServer({ server, whole }: Listening, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const closeIdle = (): void => {
      whole.closeIdle()
      server.closeIdleConnections()
    }
    const cut = setTimeout(() => {
      whole.closeAll()
      server.closeAllConnections()
    }, deadlineMs)
    // A connection whose last answer has just ended counts as kept alive, and would hold up the end for its timeout.
    const sweep = setInterval(closeIdle, idleSweepMs)
    server.close(() => {
      clearTimeout(cut)
      clearInterval(sweep)
      resolve()
    })
    closeIdle()
  })
}

function formatAddress({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`
}

/** The way out to client metadata documents: public addresses only, judged when they are dialled. */
export function createDocumentFetch(): { fetch: OutboundFetch; close(): Promise<void> } {
  const dialer = createGuardedDialer(3_000)
  const fetch = createOutboundFetch({
    fetch: dialer.fetch,
    allowPrivateAddresses: false,
    deadlineMs: 5_000,
    maximumBytes: 16_384,
  })
  return { fetch, close: dialer.close }
}

export { createPostern } from './postern.ts'
