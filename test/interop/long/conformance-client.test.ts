/** `postern connect --as strict` as the client under test of the official suite: everything that either era requires of clients. */

import { expect, test } from 'vitest'
import { formatFailures, requiredScenarios, runClientScenarios } from '../conformance-suite.ts'
import { posternCommand } from '../postern-process.ts'

test.each(['2025-11-25', '2026-07-28'] as const)(
  'passes every client scenario that %s requires',
  { timeout: 240_000 },
  async (requirements) => {
    const scenarios = await runClientScenarios({
      command: `${posternCommand} connect --as strict`,
      requirements,
    })
    expect(formatFailures(scenarios)).toEqual([])
    expect(scenarios.map(({ name }) => name)).toEqual(await requiredScenarios('client', requirements))
  },
)
