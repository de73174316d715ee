// The torture of refresh in short, and proof that it bites: a server that breaks rule 2, or its word, is found out.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type TortureReport, tortureRefresh } from './refresh-torture.ts'
import type { Sabotage } from './sabotage.ts'
import { serveDoor } from './served-door.ts'

const deadlineMs = 120_000
const data = mkdtempSync(join(tmpdir(), 'postern-torture-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

async function torture(
  seed: string,
  size: { clients: number; refreshes: number; kills: number },
  sabotage?: readonly Sabotage[],
): Promise<TortureReport> {
  return tortureRefresh({ door: await serveDoor(join(data, seed), sabotage), seed, ...size })
}

test(
  '[HS-02] nobody is signed out and no late replay accepted, whatever is dropped, doubled, late or killed',
  async () => {
    const { violations, counts } = await torture('short', { clients: 40, refreshes: 1600, kills: 6 })
    expect(violations).toEqual([])
    expect(counts).toMatchObject({ kills: 6, 'families compared': 40 + 4 * 7 })
    expect(counts.refreshes).toBeGreaterThanOrEqual(1600)
    for (const [name, count] of Object.entries(counts)) expect(count, name).toBeGreaterThan(0)
  },
  deadlineMs,
)

const rule = 'src/storage/rotation-rule.ts'

test.each<{ server: string; sabotage: readonly Sabotage[]; kills: number; found: RegExp }>([
  {
    server: 'that gives no grace',
    sabotage: [{ file: rule, find: ': now - successor.firstUsedAt >=', replace: ': now >=' }],
    kills: 0,
    found: /signed out/,
  },
  {
    server: 'that forgets a lost answer in an hour',
    sabotage: [
      {
        file: rule,
        find: 'now - rotatedAt >= request.lostResponseSeconds',
        replace: 'now - rotatedAt >= 3600',
      },
    ],
    kills: 0,
    found: /signed out/,
  },
  {
    server: 'for which rule 2 never ends',
    sabotage: [{ file: rule, find: 'successor === undefined || isRuleOver', replace: 'false && isRuleOver' }],
    kills: 0,
    found: /accepted outside rule 2/,
  },
  {
    server: 'that revokes, but goes on with the family',
    sabotage: [
      {
        file: rule,
        find: "if (grant.revokedAt !== undefined) return 'revoked'",
        replace: '',
      },
    ],
    kills: 0,
    found: /lived on after a late replay/,
  },
  {
    server: 'that answers before it has committed',
    sabotage: [
      {
        file: 'src/storage/adapters/sqlite.ts',
        find: "onWriter('COMMIT').run()\n      driver.onCommit()\n      return settle",
        replace: `for (const settleOne of settle) settleOne()
        await new Promise((resolve) => setTimeout(resolve, 40))
        onWriter('COMMIT').run()
        driver.onCommit()
        return []`,
      },
      {
        // What was answered too early has to be seen until the kill comes.
        file: 'src/storage/adapters/sqlite.ts',
        find: 'const onReader = statementsOf(reader)',
        replace: 'const onReader = statementsOf(writer)',
      },
    ],
    kills: 4,
    found: /signed out/,
  },
])(
  '[HS-02] finds out a server $server',
  async ({ server, sabotage, kills, found }) => {
    const { violations } = await torture(server, { clients: 12, refreshes: 300, kills }, sabotage)
    expect(violations.join('\n')).toMatch(found)
  },
  deadlineMs,
)
