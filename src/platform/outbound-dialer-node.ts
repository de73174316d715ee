/** A fetch for Node that judges the address it is about to dial, so that a name which resolves elsewhere a moment later (DNS rebinding) gains nothing. */

import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import type { Agent, buildConnector } from 'undici'
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
  let opened: Promise<{ send: typeof fetch; agent: Agent }> | undefined

  /** Loaded when it is first needed: a server that fetches nothing starts a tenth sooner. */
  async function open(): Promise<{ send: typeof fetch; agent: Agent }> {
    const undici = await import('undici')
    const silence = silenceMs === undefined ? {} : { headersTimeout: silenceMs, bodyTimeout: silenceMs }
    const connect = createPublicConnector(undici.buildConnector, connectTimeoutMs, resolve)
    return {
      send: undici.fetch as unknown as typeof fetch,
      agent: new undici.Agent({ ...silence, connect }),
    }
  }

  return {
    async fetch(input, init) {
      opened ??= open()
      const { send, agent } = await opened
      return send(input, { ...init, dispatcher: agent } as RequestInit)
    },
    async close() {
      await (await opened)?.agent.close()
    },
  }
}

/** For an agent of undici: connects only to public addresses. */
export function createPublicConnector(
  build: typeof buildConnector,
  connectTimeoutMs: number,
  resolve: ResolveAll = systemLookup,
): buildConnector.connector {
  const connect = build({ timeout: connectTimeoutMs, lookup: createPublicLookup(resolve) })
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
