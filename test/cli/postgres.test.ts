/** The records in PostgreSQL, from the command line: serving on it, managing it, and moving there while clients go on. */

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { obtainTokens } from '../interop/plain-sign-in.ts'
import { type PostgresServer, startPostgres } from '../storage/postgres-server.ts'
import {
  account,
  initialize,
  referenceServer,
  runPostern,
  serve,
  temporaryDirectory,
} from './postern-command.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
}, 120_000)
afterAll(() => postgres.stop())

/** As it was before it was wrapped for the window. */
const onOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ')

describe('a server whose records are in PostgreSQL', () => {
  test('needs no directory beside a master key from the env, and every command works on the same records', async () => {
    const cwd = temporaryDirectory()
    const database = await postgres.newDatabase()
    const env = {
      POSTERN_DATABASE: database,
      POSTERN_MASTER_KEY: randomBytes(32).toString('base64url'),
    }
    const manage = (words: string, input?: string) =>
      runPostern(words.split(' '), { cwd, env, ...(input === undefined ? {} : { input }) })

    expect((await manage('storage migrate')).stdout).toMatch(/are of version \d+/)
    const made = await manage(`users create ${account.username} --password-stdin`, `${account.password}\n`)
    expect(made).toMatchObject({ code: 0, stderr: '' })
    const door = await serve(join(cwd, 'nowhere'), ['--port', '0', '--', ...referenceServer], {
      cwd,
      env,
    })
    expect(existsSync(join(cwd, 'nowhere'))).toBe(false)
    const tokens = await obtainTokens(door.connectorUrl, account)
    expect((await initialize(door.connectorUrl, tokens.accessToken)).status).toBe(200)

    const [grant] = JSON.parse((await manage('grants list --json')).stdout) as { grantId: string }[]
    expect((await manage('clients list')).stdout).toContain('Plain fetch')
    expect((await manage('storage status')).stdout).toMatch(/Engine +PostgreSQL 1\d[\s\S]*grants +1\n/)
    expect((await manage(`grants revoke ${grant?.grantId}`)).code).toBe(0)
    const status = async (): Promise<number> =>
      (await initialize(door.connectorUrl, tokens.accessToken)).status
    await expect.poll(status, { interval: 20 }).toBe(401)
  }, 60_000)

  test('a password in the flag is refused, a database that is not there is told in a sentence', async () => {
    const shown = await runPostern(['users', 'list', '--database', 'postgres://me:secret@127.0.0.1:1/x'])
    expect(shown.code).toBe(2)
    expect(shown.stderr).toContain('POSTERN_DATABASE')
    expect(shown.stderr).not.toContain('secret')
    const absent = await runPostern(['users', 'list', '--database', 'postgres://me@127.0.0.1:1/x'])
    expect(absent).toMatchObject({ code: 1 })
    expect(absent.stderr).toContain('cannot be reached')
    const other = await runPostern(['users', 'list', '--database', 'mysql://x'])
    expect(onOneLine(other.stderr)).toContain('is not a URL such as postgres://')
  }, 30_000)
})

describe('postern storage copy', () => {
  test('moves a server that runs: who refreshes all the while is not signed out, and it goes on in PostgreSQL', async () => {
    const data = temporaryDirectory()
    const database = await postgres.newDatabase()
    await runPostern(['users', 'create', account.username, '--password-stdin', '--data', data], {
      input: `${account.password}\n`,
    })
    const door = await serve(data, ['--port', '0', '--', ...referenceServer])
    const people = await Promise.all(
      Array.from({ length: 4 }, () => obtainTokens(door.connectorUrl, account)),
    )
    let isOver = false
    const refreshing = people.map(async (tokens) => {
      let { refreshToken = '', accessToken } = tokens
      let count = 0
      for (; !isOver || count < 3; count++) {
        const body = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: tokens.clientId }
        const answer = await fetch(tokens.tokenEndpoint, { method: 'POST', body: new URLSearchParams(body) })
        const said = (await answer.json()) as { access_token: string; refresh_token: string }
        expect(answer.status, JSON.stringify(said)).toBe(200)
        accessToken = said.access_token
        refreshToken = said.refresh_token
      }
      return { ...tokens, accessToken, refreshToken }
    })

    const words = ['storage', 'copy', '--json', '--data', data, '--database', database]
    const copied = await runPostern(words)
    expect(copied.code, copied.stderr).toBe(0)
    const report = JSON.parse(copied.stdout) as Record<string, unknown>
    expect(report).toMatchObject({ hasServerMoved: true, rows: { grants: 4, users: 1 } })
    isOver = true
    const after = await Promise.all(refreshing)
    for (const { accessToken } of after) {
      expect((await initialize(door.connectorUrl, accessToken)).status).toBe(200)
    }
    expect((await runPostern(['storage', 'status', '--data', data])).stdout).toContain(
      'have moved to postgres://',
    )
    const alone = await runPostern(['serve', '--data', data, '--port', '0', '--', ...referenceServer])
    expect(alone).toMatchObject({ code: 1 })
    expect(onOneLine(alone.stderr)).toContain(`start with --database ${database}`)

    // The old process ends; a new one, with the option and the same master key, knows everybody.
    await door.child.stop()
    const flags = [
      '--port',
      '0',
      '--public-url',
      door.origin,
      '--database',
      database,
      '--',
      ...referenceServer,
    ]
    const next = await serve(data, flags)
    const local = /http:\/\/127\.0\.0\.1:\d+/.exec(next.child.stdout())?.[0] ?? next.origin
    for (const { refreshToken, clientId } of after) {
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: clientId,
      })
      expect((await fetch(`${local}/oauth/token`, { method: 'POST', body })).status).toBe(200)
    }
  }, 120_000)

  test('refuses a database with records of its own, and leaves everything as it was', async () => {
    const data = temporaryDirectory()
    const database = await postgres.newDatabase()
    const create = (where: string[]) =>
      runPostern(['users', 'create', 'ada', '--password-stdin', ...where], { input: 'a long password\n' })
    await create(['--data', data])
    await create(['--database', database])
    const copied = await runPostern(['storage', 'copy', '--data', data, '--database', database])
    expect(copied).toMatchObject({ code: 1 })
    expect(onOneLine(copied.stderr)).toContain('has records of its own (in users)')
    expect((await runPostern(['users', 'list', '--data', data])).stdout).toContain('ada')
    const file = new DatabaseSync(join(data, 'postern.db'), { readOnly: true })
    const left = "SELECT name FROM sqlite_master WHERE name LIKE 'copy_%' OR name LIKE 'moved_%'"
    expect(file.prepare(left).all()).toEqual([])
    file.close()
  }, 60_000)
})
