// `postern doctor --log` as people run it: files, standard input, what cannot be read, and how it ends.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runPostern, temporaryDirectory } from '../../cli/postern-command.ts'

const fixtures = join(import.meta.dirname, 'fixtures')
const stopped = join(fixtures, 'registration-blocked.combined.log')
const connected = join(fixtures, 'good-hosted.json.log')

test('one that stopped: where, why, what the person read, how to mend it, every step; exit 1', async () => {
  const { code, stdout, stderr } = await runPostern(['doctor', '--log', stopped])
  expect(stderr).toBe('')
  expect(stdout).toContain('4 lines in the combined log format. The MCP endpoint is taken to be /mcp.')
  expect(stdout).toMatch(/✖ Claude, .*The registration was forbidden or put off\./)
  expect(stdout).toContain('Couldn’t register')
  expect(stdout).toContain('Exempt the endpoint from bot rules')
  expect(stdout).toContain('tried to register: forbidden (403)')
  expect(code).toBe(1)
})

test('one that connected: exit 0', async () => {
  const { code, stdout } = await runPostern(['doctor', '--log', connected])
  expect(stdout).toMatch(/✔ Claude, .*: connected/)
  expect(code).toBe(0)
})

test('several logs, one of them from standard input, as JSON', async () => {
  const words = ['doctor', '--log', stopped, '--log', '-', '--json']
  const { code, stdout } = await runPostern(words, { input: readFileSync(connected, 'utf8') })
  const { log } = JSON.parse(stdout) as { log: { attempts: { state: string }[]; formats: string[] } }
  expect(log.formats).toEqual(['the combined log format', 'JSON lines of nginx variables'])
  expect(log.attempts.map(({ state }) => state).toSorted()).toEqual(['connected', 'stopped'])
  expect(code).toBe(1)
})

test('a pipe, as a shell makes of <(zcat …)', async () => {
  const path = join(temporaryDirectory(), 'pipe')
  execFileSync('mkfifo', [path])
  const run = runPostern(['doctor', '--log', path])
  await writeFile(path, readFileSync(connected))
  const { code, stdout, stderr } = await run
  expect(stderr).toBe('')
  expect(stdout).toMatch(/✔ Claude, .*: connected/)
  expect(code).toBe(0)
})

test('nothing of a client in it: what that means', async () => {
  const path = join(temporaryDirectory(), 'access.log')
  writeFileSync(
    path,
    '198.51.100.4 - - [21/Nov/2026:09:53:32 +0000] "GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0"\n',
  )
  const { code, stdout } = await runPostern(['doctor', '--log', path])
  expect(stdout).toContain('No client of MCP has asked for anything')
  expect(code).toBe(0)
})

const unreadable: [string, () => string, string][] = [
  ['not there', () => '/nowhere/access.log', 'cannot be read'],
  ['a directory', (): string => temporaryDirectory(), 'is a directory'],
  ['of no known format', packed, 'zcat FILE'],
]
test.each(unreadable)('%s: said in a sentence, exit 2', async (_, pathOf, says) => {
  const { code, stderr, stdout } = await runPostern(['doctor', '--log', pathOf()])
  expect(stderr).toContain(says)
  expect(stderr).not.toContain('    at ')
  expect(stdout).toBe('')
  expect(code).toBe(2)
})

test('--json is for one of both', async () => {
  const { code, stderr } = await runPostern(['doctor', 'http://127.0.0.1:9/mcp', '--log', stopped, '--json'])
  expect(stderr).toContain('--json is for one of both')
  expect(code).toBe(2)
})

function packed(): string {
  const folder = temporaryDirectory()
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'access.log.gz')
  writeFileSync(
    path,
    Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), crypto.getRandomValues(Buffer.alloc(5000))]),
  )
  return path
}
