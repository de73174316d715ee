/** The official conformance suite against all three of our roles: MCP server behind the door, authorization server, client. */

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { streamableHttpUpstream } from '../../src/gateway/upstreams/streamable-http.ts'
import { repositoryRoot } from './child.ts'
import { account, openDoor, runThroughDoor } from './conformance-door.ts'
import {
  formatFailures,
  requiredScenarios,
  runAuthorizationScenarios,
  runClientScenarios,
  runServerScenarios,
  type Scenario,
} from './conformance-suite.ts'
import { type FixtureUpstream, startFixtureUpstream } from './fixture-upstream.ts'
import { approveByFetch } from './plain-sign-in.ts'
import { type PosternProcess, posternCommand, startPostern } from './postern-process.ts'

describe('the fixture upstream over HTTP', () => {
  let upstream: FixtureUpstream
  let required: string[]
  beforeAll(async () => {
    upstream = await startFixtureUpstream()
    required = await requiredScenarios('server', '2025-11-25')
  })
  afterAll(() => upstream.close())

  test('alone passes every server scenario that 2025-11-25 requires', async () => {
    expect(required).toHaveLength(30)
    expectAllPassed(await runServerScenarios({ url: upstream.url, requirements: '2025-11-25' }), required)
  })

  test('passes them all through the door too [MUX-02] [HTTP-2025-11-25-12] [HTTP-2025-11-25-14] [HTTP-2025-11-25-18]', async () => {
    const door = await openDoor(streamableHttpUpstream({ url: upstream.url, fetch }))
    try {
      expectAllPassed(await runThroughDoor(door.mcpUrl, '2025-11-25'), required)
    } finally {
      await door.close()
    }
  })
})

/** What the suite finds of such a server is in long/conformance-stdio.test.ts. */
describe('a `postern serve` process before the fixture upstream on stdio', () => {
  let door: PosternProcess
  beforeAll(async () => {
    const fixture = join(repositoryRoot, 'test', 'interop', 'fixture-upstream.ts')
    door = await startPostern({ command: ['node', fixture, '--stdio'] })
    await door.createAccount(account)
  })
  afterAll(() => door.stop())

  test('passes both authorization server scenarios, with a client from `postern clients create` [AUTH-2025-11-25-09] [ASU-05] [ASU-09]', async () => {
    // Public, because the suite sends no secret to a server that also takes clients without one.
    const client = await door.createClient({
      name: 'Conformance',
      redirectUris: ['http://127.0.0.1/callback'],
    })
    const scenarios = await runAuthorizationScenarios({
      issuer: door.origin,
      ...client,
      resource: door.mcpUrl,
      approve: followApproval,
    })
    expectAllPassed(scenarios, ['authorization-server-metadata-endpoint', 'authorization-code-grant'])
    expect(scenarios.flatMap(({ warnings }) => warnings)).toEqual([])
  })
})

test('`postern connect --as strict` finds the metadata in every place that the suite knows [AUTH-2025-11-25-10]', async () => {
  const command = `${posternCommand} connect --as strict`
  const scenarios = await runClientScenarios({
    command,
    requirements: '2025-11-25',
    prefix: 'auth/metadata-',
  })
  expect(scenarios.length).toBeGreaterThan(3)
  expect(formatFailures(scenarios)).toEqual([])
})

function expectAllPassed(scenarios: readonly Scenario[], required: readonly string[]): void {
  expect(formatFailures(scenarios)).toEqual([])
  expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining([...required]))
}

async function followApproval(authorizationUrl: string): Promise<void> {
  await fetch(await approveByFetch(authorizationUrl, account))
}
