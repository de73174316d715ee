// A door on a loopback port for the official conformance suite, which knows no tokens.

import { startServer } from '../../src/app/node.ts'
import { createPostern } from '../../src/app/postern.ts'
import type { Upstream } from '../../src/gateway/upstream.ts'
import { createLocalUser, localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { startBearerRelay } from './bearer-relay.ts'
import { type Requirements, runServerScenarios, type Scenario } from './conformance-suite.ts'
import { findFreePort } from './loopback.ts'
import { obtainTokens } from './plain-sign-in.ts'

export const account = { username: 'ada', password: 'correct horse battery' } as const

export interface Door {
  mcpUrl: string
  close(): Promise<void>
}

/** The suite sends no token, so a relay adds one, and passes on its Host and Origin as they came. */
export async function runThroughDoor(mcpUrl: string, requirements: Requirements): Promise<Scenario[]> {
  const { accessToken } = await obtainTokens(mcpUrl, account)
  const relay = await startBearerRelay({ target: mcpUrl, token: accessToken })
  try {
    return await runServerScenarios({ url: relay.url, requirements })
  } finally {
    await relay.close()
  }
}

/** As a program that embeds Postern would open it: the functions, a socket, records in memory. */
export async function openDoor(upstream: Upstream): Promise<Door> {
  const port = await findFreePort()
  const storage = memoryStorage()
  const postern = createPostern({
    publicUrl: `http://localhost:${port}`,
    connector: { name: 'Fixture', upstream },
    masterKey: new Uint8Array(32).fill(7),
    identity: localAccounts({ storage }),
    storage,
  })
  await postern.ready
  await createLocalUser({ storage, clock: systemClock }, { ...account, displayName: 'Ada', role: 'admin' })
  const server = await startServer({ fetch: postern.fetch, port })
  return {
    mcpUrl: postern.connectorUrl,
    async close() {
      await server.close(0)
      await postern.close()
    },
  }
}
