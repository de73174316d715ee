// A connection in a test: the real wire, plain forms for a browser, and a memory that the next run goes on with.

import { createFetchBrowser } from '../../src/client/browser-fetch.ts'
import type { ConnectionMemory } from '../../src/client/connection-state.ts'
import { type Connection, type ConnectOptions, connect } from '../../src/client/connector.ts'
import { openLoopbackCallback } from '../../src/client/loopback-callback-node.ts'
import type { Surface } from '../../src/client/surface.ts'
import type { ScriptedServer } from './scripted-server.ts'

export const login = { username: 'ada', password: 'correct-horse' }

export interface Household {
  connect(options?: Partial<ConnectOptions>): Promise<Connection>
  readonly memory: ConnectionMemory | undefined
}

/** One product on one machine: what it remembers lives from connection to connection. */
export function household(server: Pick<ScriptedServer, 'url'>, surface: Surface): Household {
  let memory: ConnectionMemory | undefined
  return {
    get memory() {
      return memory
    },
    connect: (options = {}) =>
      connect({
        url: server.url,
        surface,
        fetch,
        browser: createFetchBrowser(login),
        openCallback: openLoopbackCallback,
        serverName: 'trial',
        memory,
        onMemory: (changed) => {
          memory = changed
        },
        ...options,
      }),
  }
}

/** Step names with their verdicts, as far as they went. */
export function steps(connection: Connection): string[] {
  return connection.transcript.steps.map(({ name, verdict }) => `${name} ${verdict}`)
}
