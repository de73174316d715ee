// Our own door has nothing that the doctor would call an error, in each way in.

import { expect, test } from 'vitest'
import { createFetchBrowser } from '../../src/client/browser-fetch.ts'
import { openLoopbackCallback } from '../../src/client/loopback-callback-node.ts'
import { claudeCode } from '../../src/client/surfaces/claude-code.ts'
import { claudeHosted } from '../../src/client/surfaces/claude-hosted.ts'
import { strict } from '../../src/client/surfaces/strict.ts'
import { doctor } from '../../src/doctor/doctor.ts'
import { account, notesUpstream, openDoor } from '../door.ts'
import { createLab } from './lab/lab.ts'

test.each([
  { access: 'oauth', surface: claudeHosted },
  { access: 'oauth', surface: claudeCode },
  { access: 'oauth', surface: strict },
  { access: 'lazy', surface: claudeHosted },
  { access: 'none', surface: claudeHosted },
] as const)('Postern with access $access, as $surface.name', async ({ access, surface }) => {
  const door = await openDoor({ connector: { name: 'Notes', upstream: notesUpstream(), access } })
  const report = await doctor({
    url: door.mcpUrl,
    surface,
    fetch: (input, init) => door.fetch(String(input), init),
    network: createLab().network,
    browser: createFetchBrowser(account),
    openCallback: openLoopbackCallback,
    isIntrusive: true,
    clock: () => door.clock.now,
  })
  expect(report.findings.map(({ id, severity, cause }) => `${severity} ${id}: ${cause}`)).toEqual([])
})
