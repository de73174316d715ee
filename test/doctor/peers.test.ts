// Correct servers of others: an error of theirs is a real one, and each is explained here; what is not here would be a mistake of the doctor.

import { expect, test } from 'vitest'
import { createFetchBrowser } from '../../src/client/browser-fetch.ts'
import { openLoopbackCallback } from '../../src/client/loopback-callback-node.ts'
import { claudeCode } from '../../src/client/surfaces/claude-code.ts'
import { claudeHosted } from '../../src/client/surfaces/claude-hosted.ts'
import { doctor } from '../../src/doctor/doctor.ts'
import { startModernFixture } from '../interop/modern-fixture.ts'
import { createLab } from './lab/lab.ts'
import { startOidcProvider } from './peers/oidc-provider.ts'
import type { Peer } from './peers/peer.ts'
import { startSdkDemo } from './peers/sdk-demo.ts'
import { startServerEverything } from './peers/server-everything.ts'

const peers: Readonly<Record<string, { start(): Promise<Peer>; errors: Record<string, string> }>> = {
  'the demonstration server of SDK v1': {
    start: startSdkDemo,
    errors: {
      'unknown-client-not-401': 'its `InvalidClientError` is answered with 400',
      'wrong-token-not-401': 'its verifier throws an error that is none of the SDK’s, which becomes 500',
    },
  },
  'oidc-provider': {
    start: startOidcProvider,
    errors: {
      'lost-renewal-ends-session': 'it rotates refresh tokens and revokes the grant when an old one is shown',
    },
  },
  'server-everything of SDK v1, without a sign-in': { start: startServerEverything, errors: {} },
  'a server of 2026-07-28 alone, by SDK v2, without a sign-in': {
    start: startModernFixture,
    errors: {
      'schema-root-not-object':
        'the fixture of the conformance suite has a tool with `allOf` at the root of its schema, which Claude’s API refuses',
    },
  },
}

const runs = Object.keys(peers).flatMap((name) => [claudeHosted, claudeCode].map((as) => [name, as] as const))

test.each(runs.map(([name, as]) => [name, as.name, as] as const))('%s, as %s', async (name, _, surface) => {
  const { start, errors } = peers[name] ?? {}
  const peer = await start?.()
  if (peer === undefined) throw new Error(`no peer is called ${name}`)
  try {
    const report = await doctor({
      url: peer.url,
      surface,
      fetch,
      network: createLab().network,
      browser: createFetchBrowser({ username: 'ada', password: 'any' }),
      openCallback: openLoopbackCallback,
      isIntrusive: true,
    })
    const found = report.findings.filter(({ severity }) => severity === 'error')
    const summary = report.findings.map(({ id, severity, cause }) => `${severity} ${id}: ${cause}`).join('\n')
    expect(found.map(({ id }) => id).toSorted(), summary).toEqual(Object.keys(errors ?? {}).toSorted())
    expect(report.probes.filter(({ verdict }) => verdict === 'could-not-run')).toEqual([])
  } finally {
    await peer.close()
  }
})
