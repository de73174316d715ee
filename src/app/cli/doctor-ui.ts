/** `postern doctor --ui`: the simulator page on this machine, for the person who started it and nobody else. */

import { createHeadlessBrowser } from '../../client/browser-headless-node.ts'
import { openLoopbackCallback } from '../../client/loopback-callback-node.ts'
import { createPlainFetch, type PlainFetch } from '../../client/plain-fetch-node.ts'
import { type MayBePrivate, privateHostsOf } from '../../client/private-hosts.ts'
import type { Surface } from '../../client/surface.ts'
import { randomId, randomToken } from '../../platform/crypto.ts'
import { parseUrl } from '../../platform/url.ts'
import { createSimulator } from '../../simulator/simulator.ts'
import { startServer } from '../node.ts'
import { pagePatienceSeconds } from './sign-in-browser.ts'
import type { Terminal } from './terminal.ts'

export interface SimulatorServer {
  /** With the token in it: whoever has it may make requests from this machine. */
  address: string
  close(): Promise<void>
}

export interface SimulatorServerOptions {
  /** Typed in the terminal; undefined when the page is to be asked. */
  url: string | undefined
  surfaces: readonly Surface[]
  allowsPrivateAddresses: boolean
  port: number
}

/** Listens on the loopback addresses only, whatever else is asked for. */
export async function startSimulator(options: SimulatorServerOptions): Promise<SimulatorServer> {
  const ways = outwardWays(options)
  const simulator = createSimulator({
    token: randomToken(),
    surfaces: options.surfaces,
    url: options.url,
    fetchFor: (url) => ways.wayTo(url).fetch,
    openCallback: openLoopbackCallback,
    headlessBrowserFor: (url, login) =>
      ways.isTrusted(url)
        ? createHeadlessBrowser({
            login,
            patienceSeconds: pagePatienceSeconds,
            mayBePrivate: ways.wayTo(url).mayBePrivate,
          })
        : undefined,
    createId: () => randomId(),
  })
  const server = await startServer({ fetch: (request) => simulator.fetch(request), port: options.port })
  return {
    address: `http://localhost:${server.port}${simulator.path}`,
    close: async () => {
      simulator.close()
      await Promise.all([server.close(0), ways.close()])
    },
  }
}

/** Runs until it is interrupted. */
export async function runSimulator(options: SimulatorServerOptions, terminal: Terminal): Promise<void> {
  const server = await startSimulator(options)
  terminal.out.line(`Open ${server.address}`)
  terminal.out.line('It answers on this machine only, and to nobody without this address. Ctrl+C ends it.')
  const { promise: interrupted, resolve } = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  await interrupted
  await server.close()
}

/** What a browser types is not what a person typed in the terminal: only the latter may be at a private address (SSRF). */
function outwardWays({ allowsPrivateAddresses, url: typed }: SimulatorServerOptions): {
  wayTo(url: string): OutwardWay
  isTrusted(url: string): boolean
  close(): Promise<void>
} {
  const open = (mayBePrivate: MayBePrivate): OutwardWay => ({
    mayBePrivate,
    ...createPlainFetch(mayBePrivate),
  })
  const elsewhere = open(() => allowsPrivateAddresses)
  const home = typed === undefined ? elsewhere : open(privateHostsOf(typed, allowsPrivateAddresses))
  const isTyped = (url: string): boolean =>
    typed !== undefined && parseUrl(url)?.origin === new URL(typed).origin
  return {
    isTrusted: (url) => allowsPrivateAddresses || isTyped(url),
    wayTo: (url) => (isTyped(url) ? home : elsewhere),
    close: async () => {
      await Promise.all([home.close(), elsewhere.close()])
    },
  }
}

interface OutwardWay extends PlainFetch {
  mayBePrivate: MayBePrivate
}
