/** A fetch for Node that judges the address it is about to dial, so that a name which resolves elsewhere a moment later (DNS rebinding) gains nothing. */

import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { Agent, fetch as undiciFetch } from 'undici'
import { isPublicAddress } from './url.ts'

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

export interface GuardedDialer {
  fetch: typeof fetch
  close(): Promise<void>
}

/** Connections are made only to public addresses; one private answer among several refuses the whole name, as Claude's own cloud does. */
export function createGuardedDialer(connectTimeoutMs: number): GuardedDialer {
  const agent = new Agent({ connect: { timeout: connectTimeoutMs, lookup: lookupPublic } })
  const guardedFetch = (input: unknown, init?: unknown): Promise<Response> =>
    undiciFetch(
      input as Parameters<typeof undiciFetch>[0],
      { ...(init as object), dispatcher: agent } as Parameters<typeof undiciFetch>[1],
    ) as unknown as Promise<Response>
  return { fetch: guardedFetch as typeof fetch, close: () => agent.close() }
}

function lookupPublic(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [])
    const refused = addresses.find(({ address }) => !isPublicAddress(address))
    if (refused !== undefined) {
      return callback(
        new Error(`${hostname} resolves to ${refused.address}, which is not a public address`),
        [],
      )
    }
    if (options.all === true) return callback(null, addresses)
    const first = addresses[0]
    if (first === undefined) return callback(new Error(`${hostname} has no address`), [])
    return callback(null, first.address, first.family)
  })
}
