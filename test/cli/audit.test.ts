/** `postern audit`: what was done at the command line is written down, exported whole, and proved unbroken; a change shows. */

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { account, runPostern, temporaryDirectory } from './postern-command.ts'

test('who was made and removed is in the log, its export is whole, and a change of it shows', async () => {
  const directory = temporaryDirectory()
  const run = async (words: string[], input = '') => runPostern([...words, '--data', directory], { input })
  for (const name of ['ada', 'bob'])
    await run(['users', 'create', name, '--password-stdin'], account.password)
  await run(['users', 'set-password', 'bob', '--password-stdin'], 'another good one')
  await run(['users', 'remove', 'bob'])
  await run(['clients', 'create', '--preset', 'claude-code'])

  const list = await run(['audit', 'list', '--json'])
  const records = JSON.parse(list.stdout) as { action: string; actor: string; details: unknown }[]
  expect(records.map(({ action }) => action)).toEqual([
    'client.created',
    'user.removed',
    'user.password_set',
    'user.created',
    'user.created',
  ])
  expect(new Set(records.map(({ actor }) => actor))).toEqual(new Set(['operator']))
  expect(list.stdout).not.toContain(account.password)
  expect((await run(['audit', 'list', '--action', 'user.removed'])).stdout).toMatch(
    /user\.removed .*username=bob/,
  )

  const exported = (await run(['audit', 'export'])).stdout.trim().split('\n')
  expect(exported.map((line) => (JSON.parse(line) as { number: number }).number)).toEqual([1, 2, 3, 4, 5])
  expect((await run(['audit', 'export', '--after', '4'])).stdout.trim().split('\n')).toHaveLength(1)
  const csv = (await run(['audit', 'export', '--format', 'csv'])).stdout.trim().split('\n')
  expect(csv[0]).toBe('number,at,action,actor,actorId,flowId,details,previousHash,hash')
  expect(csv).toHaveLength(6)

  expect((await run(['audit', 'verify'])).stdout).toMatch(/^5 records, unbroken\. The newest is 5: \S{43}/)
  const database = new DatabaseSync(join(directory, 'postern.db'))
  database.exec(`UPDATE audit_log SET details = '{}' WHERE action = 'user.removed'`)
  database.close()
  const broken = await run(['audit', 'verify'])
  expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('record 4 was changed')])
})
