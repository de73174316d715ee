/** The official conformance suite of each era through the door, before servers of both. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { streamableHttpUpstream } from '../../../src/gateway/upstreams/streamable-http.ts'
import { type Door, openDoor, runThroughDoor } from '../conformance-door.ts'
import {
  formatFailures,
  type Requirements,
  requiredScenarios,
  runServerScenarios,
  type Scenario,
} from '../conformance-suite.ts'
import { startFixtureUpstream } from '../fixture-upstream.ts'
import { startModernFixture } from '../modern-fixture.ts'

const timeoutMs = 300_000

describe('a server of 2026-07-28 alone', () => {
  let upstream: { url: string; close(): Promise<void> }
  let door: Door
  beforeAll(async () => {
    upstream = await startModernFixture()
    door = await openDoor(streamableHttpUpstream({ url: upstream.url, fetch }))
  })
  afterAll(async () => {
    await door.close()
    await upstream.close()
  })

  test(
    'passes by itself every scenario that its revision requires',
    async () => {
      const scenarios = await runServerScenarios({ url: upstream.url, requirements: '2026-07-28' })
      expect(await failures(scenarios, '2026-07-28', 37)).toEqual([])
    },
    timeoutMs,
  )

  test(
    'passes them all through the door [HTTP-2026-07-28-02] [HTTP-2026-07-28-06] [HTTP-2026-07-28-08] [HTTP-2026-07-28-10] [HTTP-2026-07-28-11] [HTTP-2026-07-28-12] [HTTP-2026-07-28-31] [HTTP-2026-07-28-36] [HTTP-2026-07-28-37] [HTTP-2026-07-28-38] [HTTP-2026-07-28-40] [HTTP-2026-07-28-42]',
    async () => {
      const scenarios = await runThroughDoor(door.mcpUrl, '2026-07-28')
      expect(await failures(scenarios, '2026-07-28', 37)).toEqual([])
    },
    timeoutMs,
  )

  test(
    'passes through the door every scenario that 2025-11-25 requires, which it knows nothing of [GW-6]',
    async () => {
      const scenarios = await runThroughDoor(door.mcpUrl, '2025-11-25')
      expect(await failures(scenarios, '2025-11-25', 30)).toEqual([])
    },
    timeoutMs,
  )
})

test(
  'a server of 2025-11-25 passes through the door what 2026-07-28 requires, but for the names of its questions [GW-5] [HTTP-2026-07-28-32] [HTTP-2026-07-28-33]',
  async () => {
    const upstream = await startFixtureUpstream()
    const door = await openDoor(streamableHttpUpstream({ url: upstream.url, fetch }))
    const scenarios = await runThroughDoor(door.mcpUrl, '2026-07-28')
    // A request of a server has an id and no name (MCP 2025-11-25, basic, requests); the suite looks for one of its own.
    expect(await failures(scenarios, '2026-07-28', 37)).toEqual([
      'input-required-result-basic-elicitation: sep-2322-elicitation-incomplete: inputRequests missing expected key "user_name"',
    ])
    await door.close()
    await upstream.close()
  },
  timeoutMs,
)

/** Of what the revision requires; the suite runs more beside it. */
async function failures(
  scenarios: readonly Scenario[],
  requirements: Requirements,
  expected: number,
): Promise<string[]> {
  const required = await requiredScenarios('server', requirements)
  const run = scenarios.filter(({ name }) => required.includes(name))
  expect(run).toHaveLength(expected)
  return formatFailures(run)
}
