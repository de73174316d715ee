import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatFailures, requiredScenarios, runServerScenarios } from './conformance-suite.ts'
import { type FixtureUpstream, startFixtureUpstream } from './fixture-upstream.ts'

describe('the fixture upstream alone', () => {
  let upstream: FixtureUpstream
  beforeAll(async () => {
    upstream = await startFixtureUpstream()
  })
  afterAll(() => upstream.close())

  test('passes every server scenario that 2025-11-25 requires', async () => {
    const required = await requiredScenarios('server', '2025-11-25')
    expect(required).toHaveLength(30)
    const scenarios = await runServerScenarios({ url: upstream.url, requirements: '2025-11-25' })
    expect(formatFailures(scenarios)).toEqual([])
    expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining(required))
  })
})
