/** The official conformance suite through a real `postern serve` process, before the fixture upstream on stdio. */

import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { repositoryRoot } from '../child.ts'
import { account, runThroughDoor } from '../conformance-door.ts'
import { formatFailures, requiredScenarios } from '../conformance-suite.ts'
import { type PosternProcess, startPostern } from '../postern-process.ts'

let door: PosternProcess
beforeAll(async () => {
  const fixture = join(repositoryRoot, 'test', 'interop', 'fixture-upstream.ts')
  door = await startPostern({ command: ['node', fixture, '--stdio'] })
  await door.createAccount(account)
})
afterAll(() => door.stop())

test('passes every server scenario that 2025-11-25 requires but the one that stdio cannot show', async () => {
  const scenarios = await runThroughDoor(door.mcpUrl, '2025-11-25')
  // SEP-1699 lets a server close its own event stream; over stdio it has none, and the suite finds nothing to judge.
  expect(formatFailures(scenarios)).toEqual(['server-sse-polling: no check succeeded'])
  expect(scenarios.map(({ name }) => name)).toEqual(
    expect.arrayContaining(await requiredScenarios('server', '2025-11-25')),
  )
})
