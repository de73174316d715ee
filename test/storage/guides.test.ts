/** docs/guides/postgres.md and docs/guides/backup.md: what begins with `npx postern` is run in the order of the page, on a server with a connected client. */

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { account, type OpenDoor, referenceServer, serve, temporaryDirectory } from '../cli/postern-command.ts'
import { type Child, repositoryRoot, startChild } from '../interop/child.ts'
import { findFreePort } from '../interop/loopback.ts'
import { obtainTokens, type PlainTokens } from '../interop/plain-sign-in.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

/** The shell blocks of a page in which Postern is run. */
function blocksOf(page: string): string[] {
  const text = readFileSync(join(repositoryRoot, 'docs/guides', page), 'utf8')
  const blocks = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].map(([, block = '']) => block)
  return blocks.filter((block) => block.includes('npx postern'))
}

/** As in a shell, in that folder. */
function start(script: string, folder: string, env: Record<string, string> = {}): Child {
  const npx = `npx() { shift; exec node ${JSON.stringify(join(repositoryRoot, 'bin/postern.js'))} "$@"; }`
  // Each in a shell of its own, so that the last word of a block may be a server that is stopped.
  const child = startChild('sh', ['-ec', `${npx}\n${script.replaceAll(/^(npx .*)$/gm, '( $1 )')}`], {
    cwd: folder,
    env,
  })
  child.process.stdin.end()
  return child
}

async function run(script: string, folder: string, env: Record<string, string> = {}): Promise<string> {
  const child = start(script, folder, env)
  const { code } = await child.exited
  expect(code, child.stderr()).toBe(0)
  return child.stdout()
}

/** A server with its data in `.postern` of the folder, and somebody who is connected. */
async function openWithClient(folder: string): Promise<{ door: OpenDoor; tokens: PlainTokens }> {
  const data = join(folder, '.postern')
  const create = `printf %s ${JSON.stringify(account.password)} | npx postern users create ${account.username} --password-stdin`
  await run(create.replace('npx postern', `node ${join(repositoryRoot, 'bin/postern.js')}`), folder)
  const door = await serve(data, ['--port', String(await findFreePort()), '--', ...referenceServer])
  return { door, tokens: await obtainTokens(door.connectorUrl, account) }
}

async function refresh({ tokenEndpoint, refreshToken = '', clientId }: PlainTokens): Promise<number> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
  return (await fetch(tokenEndpoint, { method: 'POST', body: new URLSearchParams(form) })).status
}

const ofTheGuide = 'postgres://postern@db.example.com/postern'
const slow = 120_000

describe('backup.md', () => {
  test(
    'the backup that it makes is one that it restores',
    async () => {
      const [make = '', restore = '', ...others] = blocksOf('backup.md')
      expect(others).toEqual([])
      const folder = temporaryDirectory()
      mkdirSync(join(folder, 'backup'))
      const { door, tokens } = await openWithClient(folder)
      expect(await run(make, folder)).toContain('of use only with the master key')
      const { port } = new URL(door.origin)
      await door.child.stop()
      const words = referenceServer.join(' ')
      const restored = start(restore.replace('-- your-command', `--port ${port} -- ${words}`), folder)
      await restored.waitForOutput(/Ctrl\+C closes it/)
      expect(restored.stdout()).toMatch(/grants +1\b/)
      expect(await refresh(tokens)).toBe(200)
      await restored.stop()
    },
    slow,
  )
})

describe('postgres.md', () => {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres()
  }, slow)
  afterAll(() => postgres?.stop())

  test(
    'a server is moved, another one stands beside it, and the master key is replaced',
    async () => {
      const [copy = '', another = '', look = '', rotate = '', ...others] = blocksOf('postgres.md')
      expect(others).toEqual([])
      const folder = temporaryDirectory()
      const database = await postgres.newDatabase()
      const here = (script: string): string => script.replaceAll(ofTheGuide, database)
      const { door, tokens } = await openWithClient(folder)

      expect(await run(here(copy), folder)).toContain('has gone on there')
      expect(await refresh(tokens)).toBe(200)

      const port = await findFreePort()
      const second = start(
        here(another)
          .replace('https://mcp.example.com', door.origin)
          .replace('--upstream http://127.0.0.1:3000/mcp', `--port ${port} -- ${referenceServer.join(' ')}`),
        folder,
      )
      await second.waitForOutput(/Ctrl\+C closes it/)
      const beside = { ...tokens, tokenEndpoint: `http://127.0.0.1:${port}/oauth/token` }
      expect(await refresh(beside)).toBe(200)

      const seen = await run(here(look), folder)
      expect(seen).toContain('PostgreSQL 18')
      expect(seen).toMatch(/grants +1\b/)
      expect(seen).toMatch(/are of version \d+/)

      const key = readFileSync(join(folder, '.postern/master.key'), 'utf8').trim()
      const environment = { POSTERN_DATABASE: database, POSTERN_MASTER_KEY: key }
      await run(rotate, folder, environment)
      expect(await refresh(beside)).toBe(200)
      await second.stop()
    },
    slow,
  )
})
