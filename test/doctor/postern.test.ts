// Our own door has nothing that the doctor would name, in each way in and for every client.

import { expect, test } from 'vitest'
import { createFetchBrowser } from '../../src/client/browser-fetch.ts'
import { openLoopbackCallback } from '../../src/client/loopback-callback-node.ts'
import type { Surface } from '../../src/client/surface.ts'
import {
  chatgpt,
  claudeCode,
  claudeHosted,
  claudeHosted2025,
  inspector,
  strict,
  vscode,
} from '../../src/client/surfaces/index.ts'
import { doctor } from '../../src/doctor/doctor.ts'
import { readClientMetadata } from '../../src/oauth/client-metadata.ts'
import { hashToken } from '../../src/platform/crypto.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { account, claudeCallback, type Door, notesUpstream, openDoor } from '../door.ts'
import { createLab } from './lab/lab.ts'

type WayIn = 'metadataDocument' | 'registration' | 'preRegistered'

const signingIn: readonly (readonly [WayIn, Surface])[] = [
  ['metadataDocument', claudeHosted],
  ['metadataDocument', claudeCode],
  ['metadataDocument', strict],
  ['registration', claudeHosted],
  ['registration', claudeHosted2025],
  ['registration', claudeCode],
  ['registration', inspector],
  ['registration', chatgpt],
  ['registration', vscode],
  ['registration', strict],
  ['preRegistered', claudeHosted],
]

test.each(signingIn.map(([way, surface]) => [way, surface.name, surface] as const))(
  'Postern by %s, as %s',
  async (way, _, surface) => {
    const only = { metadataDocument: false, registration: false, preRegistered: false, [way]: true }
    const door = await openDoor({
      connector: { name: 'Notes', upstream: notesUpstream() },
      // A document of a client of its own machine is no document; the real one registers as well.
      waysIn: surface === strict ? { ...only, registration: true } : only,
    })
    if (way === 'preRegistered') await addHeldClient(door.storage)
    expect(await findingsAt(door, surface, way === 'preRegistered' ? held : {})).toEqual([])
  },
)

test.each(['lazy', 'none'] as const)('Postern with access %s', async (access) => {
  const door = await openDoor({ connector: { name: 'Notes', upstream: notesUpstream(), access } })
  expect(await findingsAt(door, claudeHosted)).toEqual([])
})

const held = { clientId: 'held', clientSecret: 'a-secret-that-was-handed-over' }

async function addHeldClient(storage: Storage): Promise<void> {
  await storage.addPreRegisteredClient({
    clientId: held.clientId,
    kind: 'pre-registered',
    metadata: {
      ...readClientMetadata({ client_name: 'Claude', redirect_uris: [claudeCallback] }),
      tokenEndpointAuthMethod: 'client_secret_post',
    },
    secretHash: hashToken(held.clientSecret),
    similarityKey: held.clientId,
    createdAt: 0,
    lastUsedAt: 0,
    confirmedAt: undefined,
    expiresAt: undefined,
    resource: undefined,
  })
}

async function findingsAt(
  door: Door,
  surface: Surface,
  credentials: Partial<typeof held> = {},
): Promise<string[]> {
  const report = await doctor({
    url: door.mcpUrl,
    surface,
    fetch: (input, init) => door.fetch(String(input), init),
    network: createLab().network,
    browser: createFetchBrowser(account),
    openCallback: openLoopbackCallback,
    isIntrusive: true,
    clock: () => door.clock.now,
    ...credentials,
  })
  return report.findings.map(({ id, severity, cause }) => `${severity} ${id}: ${cause}`)
}
