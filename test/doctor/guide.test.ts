// Every command of docs/guides/doctor.md, word for word; only the address is that of the lab, and for `--story` of a Postern.

import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../../src/app/node.ts'
import { runPostern, temporaryDirectory } from '../cli/postern-command.ts'
import { type Door, openDoor } from '../door.ts'
import { type Child, repositoryRoot, startChild } from '../interop/child.ts'
import { findFreePort } from '../interop/loopback.ts'
import { brokenLab, loadFaults } from './lab/fault.ts'
import { createLab, type Lab, user } from './lab/lab.ts'
import { closeServed, served } from './served.ts'

const guide = readFileSync(join(repositoryRoot, 'docs/guides/doctor.md'), 'utf8')
const blocks = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block.trim())
const token = 'an-operators-token-of-enough-characters'
const fixtures = join(import.meta.dirname, 'logs', 'fixtures')

let door: Door
let server: RunningServer
let good: Lab
let mismatched: Lab
let folder: string
beforeAll(async () => {
  const port = await findFreePort()
  door = await openDoor({ publicUrl: `http://localhost:${port}`, console: { token, settings: [] } })
  server = await startServer({
    port,
    fetch: (request, connection) => door.postern.fetch(request, connection),
  })
  good = await served(createLab())
  mismatched = await served(brokenLab(...(await loadFaults()).filter(({ id }) => id === 'resource-mismatch')))

  folder = temporaryDirectory()
  mkdirSync(join(folder, 'bin'))
  const stub = `#!/bin/sh\n[ "$1" = postern ] || exit 99\nshift\nexec ${process.execPath} ${repositoryRoot}/bin/postern.js "$@"\n`
  writeFileSync(join(folder, 'bin', 'npx'), stub)
  chmodSync(join(folder, 'bin', 'npx'), 0o755)
  copyFileSync(join(fixtures, 'good-hosted.combined.log'), join(folder, 'access.log'))
  copyFileSync(join(fixtures, 'good-code.caddy.log'), join(folder, 'auth.log'))
  writeFileSync(join(folder, 'access.log.gz'), gzipSync(readFileSync(join(folder, 'access.log'))))
  writeFileSync(join(folder, 'known.txt'), /```text\n# known\.txt\n([\s\S]*?)```/.exec(guide)?.[1] ?? '')
})
afterAll(async () => {
  closeServed()
  await Promise.all([server.close(0), door.postern.close()])
})

function start(script: string, url: string, env: Record<string, string> = {}): Child {
  const origin = new URL(url).origin
  const here = script
    .replaceAll('https://mcp.example.com/mcp', url)
    .replaceAll('https://mcp.example.com', origin)
  return startChild('sh', ['-ec', here], {
    cwd: folder,
    env: {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      POSTERN_LOGIN: `${user.username}:${user.password}`,
      POSTERN_CONSOLE_TOKEN: token,
      ...env,
    },
  })
}

async function outcome(child: Child): Promise<string> {
  child.process.stdin.end()
  const { code } = await child.exited
  return `${code}${code === 0 ? '' : `\n${child.stdout()}\n${child.stderr()}`}`
}

const isPage = (block: string): boolean => block.includes('--ui')
const isKnown = (block: string): boolean => block.includes('--expected-failures')

test.each(blocks.filter((block) => !isPage(block) && !isKnown(block)).map((block) => [block]))(
  '%s',
  async (block) => {
    expect(await outcome(start(block, block.includes('--story') ? door.mcpUrl : good.url))).toBe('0')
  },
  120_000,
)

test('what is known does not fail; when it is mended the run ends with 3', async () => {
  const [block = ''] = blocks.filter(isKnown)
  expect(await outcome(start(block, mismatched.url))).toBe('0')
  expect(await outcome(start(block, good.url))).toMatch(/^3\n/)
})

test('the page is there', async () => {
  const [block = ''] = blocks.filter(isPage)
  const child = start(block, good.url)
  const [, address = ''] = await child.waitForOutput(/Open (\S+)/)
  expect((await fetch(address)).status).toBe(200)
  await child.stop()
})

test('what the reports look like', async () => {
  const first = start(`npx postern doctor ${mismatched.url}`, mismatched.url, { POSTERN_LOGIN: '' })
  expect(await outcome(first)).toMatch(/^1\n/)
  const shown = [...guide.matchAll(/```text\n([^#][\s\S]*?)```/g)].map(([, text = '']) => text.trim())
  const port = new URL(mismatched.url).port
  expect(first.stdout()).toContain(shown[0]?.replaceAll('45615', port))
  copyFileSync(join(fixtures, 'registration-blocked.combined.log'), join(folder, 'blocked.log'))
  const second = start('npx postern doctor --log blocked.log', mismatched.url)
  expect(await outcome(second)).toMatch(/^1\n/)
  const withoutTime = (text: string): string => text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, '')
  expect(withoutTime(second.stdout())).toContain(withoutTime(shown[1] ?? 'nothing'))
})

test('the inputs of the Action are there', () => {
  const action = readFileSync(join(repositoryRoot, 'action.yml'), 'utf8')
  const [, block = ''] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? []
  const inputs = [...block.matchAll(/^ {4}([\w-]+):/gm)].map(([, name]) => name)
  expect(inputs.length).toBeGreaterThan(2)
  for (const input of inputs) expect(action).toMatch(new RegExp(`^ {2}${input}:`, 'm'))
})

test('every option of the command is in the guide', async () => {
  const { stdout } = await runPostern(['doctor', '--help'])
  const options = [...stdout.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, option = '']) => option)
  expect(options.length).toBeGreaterThan(25)
  expect(options.filter((option) => !guide.includes(option))).toEqual([])
})
