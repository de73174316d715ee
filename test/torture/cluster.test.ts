/** The torture of the cluster, short: that it runs, and that nothing is lost in it. `npm run torture:cluster` is the long one. */

import { expect, test } from 'vitest'
import { tortureCluster } from '../cluster/cluster-torture.ts'
import { copyLive } from '../cluster/live-copy.ts'
import { startPostgres } from '../storage/postgres-server.ts'

test('instances and PostgreSQL are killed, the network is cut, and nobody is signed out', async () => {
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
}, 240_000)

test('an installation is moved from SQLite to PostgreSQL under its clients, and nobody is signed out', async () => {
  const postgres = await startPostgres()
  try {
    const database = await postgres.newDatabase()
    const report = await copyLive({ database, grants: 5_000, clients: 10, say: () => undefined })
    expect(report).toMatchObject({ violations: [], missing: 0 })
    expect(report.rows.grants).toBeGreaterThanOrEqual(5_010)
    expect(report.counts.refreshes).toBeGreaterThan(0)
  } finally {
    await postgres.stop()
  }
}, 120_000)
