/** A backup of a server that runs, what it is worth with the master key, and what without. */

import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { obtainTokens, type PlainTokens } from '../interop/plain-sign-in.ts'
import {
  account,
  initialize,
  referenceServer,
  runPostern,
  serve,
  temporaryDirectory,
} from './postern-command.ts'

function refresh({ tokenEndpoint, refreshToken = '', clientId }: PlainTokens): Promise<Response> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
  return fetch(tokenEndpoint, { method: 'POST', body: new URLSearchParams(form) })
}

test('who was connected when it was made is connected after it was restored; without the key nothing starts', async () => {
  const data = temporaryDirectory()
  await runPostern(['users', 'create', account.username, '--password-stdin', '--data', data], {
    input: `${account.password}\n`,
  })
  const door = await serve(data, ['--port', '0', '--', ...referenceServer])
  const before = await obtainTokens(door.connectorUrl, account)
  const file = join(temporaryDirectory(), 'backup.db')
  const made = await runPostern(['storage', 'backup', file, '--data', data])
  expect(made, made.stderr).toMatchObject({ code: 0 })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const after = await obtainTokens(door.connectorUrl, account)
  const again = await runPostern(['storage', 'backup', file, '--data', data])
  expect(again).toMatchObject({ code: 1 })
  await door.child.stop()

  const restored = temporaryDirectory()
  const { port } = new URL(door.origin)
  const start = ['--port', port, '--', ...referenceServer]
  copyFileSync(file, join(restored, 'postern.db'))
  const keyless = await runPostern(['serve', '--data', restored, ...start])
  expect(keyless).toMatchObject({ code: 1 })
  expect(keyless.stderr).toContain('is missing')
  expect(existsSync(join(restored, 'master.key'))).toBe(false)
  const strange = join(restored, 'other')
  mkdirSync(strange, { mode: 0o700 })
  copyFileSync(file, join(strange, 'postern.db'))
  writeFileSync(join(strange, 'master.key'), `${'A'.repeat(43)}\n`, { mode: 0o600 })
  const wrong = await runPostern(['serve', '--data', strange, ...start])
  expect(wrong.stderr).toContain('master key')
  expect(wrong.code).toBe(1)

  copyFileSync(join(data, 'master.key'), join(restored, 'master.key'))
  const back = await serve(restored, start)
  expect((await initialize(back.connectorUrl, before.accessToken)).status).toBe(200)
  expect((await refresh(before)).status).toBe(200)
  // What was issued since is gone, and its client is told to sign in again.
  expect((await initialize(back.connectorUrl, after.accessToken)).status).toBe(401)
  expect(await (await refresh(after)).json()).toMatchObject({ error: 'invalid_grant' })
}, 120_000)

test('of a file that is no database there is no backup, and no beginning of one', async () => {
  const data = temporaryDirectory()
  writeFileSync(join(data, 'postern.db'), 'the letters of a friend '.repeat(500))
  const file = join(data, 'backup.db')
  const refused = await runPostern(['storage', 'backup', file, '--data', data])
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.stderr.replaceAll(/\s+/g, ' ')).toContain(
    `the backup ${file} cannot be made: file is not a database`,
  )
  expect(existsSync(file)).toBe(false)
})

test('in PostgreSQL it is a matter of pg_dump', async () => {
  const words = ['storage', 'backup', 'x.db', '--database', 'postgres://nobody@127.0.0.1:1/x']
  const refused = await runPostern(words)
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.stderr).toContain('pg_dump')
})
