/** The checks that connector authors run by hand, word for word as docs/guides/testing.md has them. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { repositoryRoot, startChild } from '../interop/child.ts'
import { type OpenDoor, referenceServer, serve, temporaryDirectory } from './postern-command.ts'

const guide = readFileSync(join(repositoryRoot, 'docs/guides/testing.md'), 'utf8')
const section = guide.split('## 1. Four requests')[1]?.split('\n## ')[0] ?? ''
const [address, ...checks] = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block)

let door: OpenDoor
beforeAll(async () => {
  door = await serve(temporaryDirectory(), ['--port', '0', '--', ...referenceServer])
})

async function run(script: string, base: string): Promise<number | null> {
  const shell = startChild('sh', ['-ec', script], { env: { BASE: base } })
  shell.process.stdin.end()
  return (await shell.exited).code
}

test('there are four, and the address is set apart from them', () => {
  expect(address).toBe('BASE=http://localhost:8787\n')
  expect(checks).toHaveLength(4)
})

test.each([
  ['the metadata of the resource', 0],
  ['the metadata of the authorization server', 1],
  ['401 with WWW-Authenticate on POST and GET', 2],
  ['registration with the callback of Claude', 3],
])('%s', async (_, index) => {
  expect(await run(checks[index] ?? 'exit 9', door.origin)).toBe(0)
})

test('they fail where nothing of the kind is served', async () => {
  const open = await serve(temporaryDirectory(), [
    '--port',
    '0',
    '--access',
    'none',
    '--',
    ...referenceServer,
  ])
  for (const check of checks) expect(await run(check, open.origin)).not.toBe(0)
})
