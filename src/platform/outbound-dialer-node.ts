/** A fetch for Node that judges the address it is about to dial, so that a name which resolves elsewhere a moment later (DNS rebinding) gains nothing. */

import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import { Agent, buildConnector, fetch as undiciFetch } from 'undici'
import { OutboundError } from './outbound-fetch.ts'
import { isIpLiteral, isPublicAddress } from './url.ts'

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** What a socket asks for the addresses of a name (`net.connect`). */
export type SocketLookup = (hostname: string, options: LookupOptions, callback: LookupCallback) => void

/** All addresses of a name, as `dns.lookup` gives them. */
export type ResolveAll = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void

export interface GuardedDialer {
  fetch: typeof fetch
  close(): Promise<void>
}

/** Connections are made only to public addresses; one private answer among several refuses the whole name, as Claude's own cloud does. The other side may be silent for `silenceMs` (0: for any time; default five minutes). */
export function createGuardedDialer(
  connectTimeoutMs: number,
  resolve: ResolveAll = systemLookup,
  silenceMs?: number,
): GuardedDialer {
  const agent = new Agent({
    ...(silenceMs === undefined ? {} : { headersTimeout: silenceMs, bodyTimeout: silenceMs }),
    connect: createPublicConnector(connectTimeoutMs, resolve),
  })
  const guardedFetch = (input: unknown, init?: unknown): Promise<Response> =>
    undiciFetch(
      input as Parameters<typeof undiciFetch>[0],
      { ...(init as object), dispatcher: agent } as Parameters<typeof undiciFetch>[1],
    ) as unknown as Promise<Response>
  return { fetch: guardedFetch as typeof fetch, close: () => agent.close() }
}

/** For an agent of undici: connects only to public addresses. */
export function createPublicConnector(
  connectTimeoutMs: number,
  resolve: ResolveAll = systemLookup,
): buildConnector.connector {
  const connect = buildConnector({ timeout: connectTimeoutMs, lookup: createPublicLookup(resolve) })
  return function connectPublic(options, callback) {
    // A socket asks nobody for the address of a literal, so it is judged here.
    if (isIpLiteral(options.hostname) && !isPublicAddress(options.hostname))
      return callback(refused(options.hostname), null)
    return connect(options, callback)
  }
}

/** Asked anew for each connection, and what it answers is what is dialled: there is no second look at the name. */
export function createPublicLookup(resolve: ResolveAll = systemLookup): SocketLookup {
  return function lookupPublic(hostname, options, callback) {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [])
      const first = addresses[0]
      if (first === undefined) return callback(new Error(`${hostname} has no address`), [])
      if (!addresses.every(({ address }) => isPublicAddress(address))) return callback(refused(hostname), [])
      if (options.all === true) return callback(null, addresses)
      return callback(null, first.address, first.family)
    })
  }
}

/** The address stays unsaid: a stranger who reads the refusal would learn names of the inner network from it. */
function refused(hostname: string): OutboundError {
  return new OutboundError('refused-by-policy', `${hostname} is not at a public address`)
}
