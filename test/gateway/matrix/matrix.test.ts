// Every generation of clients before every kind of server, on one URL.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenGateway, openGateway } from '../open-gateway.ts'
import { connect, generations } from './clients.ts'
import { type FeatureName, featureNames, features, limitOf } from './features.ts'
import { guidePath, withErasTable } from './table.ts'
import { kinds, type StartedUpstream, starts } from './upstreams.ts'

describe.each(kinds)('a server of the kind "%s"', (kind) => {
  let started: StartedUpstream
  let door: OpenGateway
  beforeAll(async () => {
    started = await starts[kind]()
    door = await openGateway({ upstream: started.upstream })
  })
  afterAll(async () => {
    await door.gateway.close()
    await started.close()
  })

  test.each(generations)('and a client of %s', async (generation) => {
    const client = await connect(door, generation)
    try {
      expect(client.negotiated()).toBe(generation)
      const works: FeatureName[] = []
      const fails: string[] = []
      for (const feature of featureNames) {
        const patienceMs = limitOf(generation, kind, feature) === undefined ? 10_000 : 200
        await within(patienceMs * 1.5, features[feature](client, patienceMs)).then(
          () => works.push(feature),
          (error: unknown) => fails.push(`${feature}: ${String(error)}`),
        )
      }
      const possible = featureNames.filter((feature) => limitOf(generation, kind, feature) === undefined)
      expect({ works, fails: works.length === possible.length ? [] : fails }).toEqual({
        works: possible,
        fails: [],
      })
    } finally {
      await client.close()
    }
  })
})

async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(reject, ms, new Error('it took too long'))
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

test('the guide has the table that `node test/gateway/matrix/table.ts` writes', () => {
  const guide = readFileSync(guidePath, 'utf8')
  expect(withErasTable(guide)).toBe(guide)
})
