/** The torture of the cluster, short: that it runs, and that nothing is lost in it. `npm run torture:cluster` is the long one. */

import { expect, test } from 'vitest'
import { startPostgres } from '../storage/postgres-server.ts'
import { tortureCluster } from './cluster-torture.ts'

test.runIf(process.env.POSTERN_TEST_ALL === '1')(
  'instances and PostgreSQL are killed, the network is cut, and nobody is signed out',
  async () => {
    const postgres = await startPostgres()
    try {
      const report = await tortureCluster({
        postgres,
        seed: 'the short one',
        clients: 40,
        seconds: 45,
        kills: 4,
        restSeconds: 2,
        say: () => undefined,
      })
      expect(report.violations).toEqual([])
      expect(report.counts.connected).toBe(40)
      expect(report.counts.calls).toBeGreaterThan(40)
      expect(report.counts['codes sent four times at once']).toBeGreaterThan(0)
    } finally {
      await postgres.stop()
    }
  },
  240_000,
)
