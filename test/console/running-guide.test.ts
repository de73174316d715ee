/** docs/guides/running-it.md, run word for word: its first block starts the server, all others are asked of it. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { referenceServer, startPostern, temporaryDirectory } from '../cli/postern-command.ts'
import { type Child, repositoryRoot, startChild } from '../interop/child.ts'
import { findFreePort } from '../interop/loopback.ts'

const guide = readFileSync(join(repositoryRoot, 'docs/guides/running-it.md'), 'utf8')
const blocks = [...guide.matchAll(/```sh\n([\s\S]*?)```(?:\n\n```(?:json|text)\n([\s\S]*?)```)?/g)].map(
  ([, script = '', answer]) => ({ script, answer }),
)
const [start, ...commands] = blocks
const token = '0123456789abcdef0123456789abcdef'

let folder: string
let server: Child
let ports: { door: number; metrics: number }
beforeAll(async () => {
  folder = temporaryDirectory()
  ports = { door: await findFreePort(), metrics: await findFreePort() }
  const [, words = ''] = /npx postern (serve [^\\]+)/.exec(start?.script ?? '') ?? []
  const flags = words.trim().replace('9464', String(ports.metrics)).split(' ')
  server = startPostern([...flags, '--port', String(ports.door), '--', ...referenceServer], {
    cwd: folder,
    env: { POSTERN_CONSOLE_TOKEN: token },
    timeoutMilliseconds: 120_000,
  })
  await server.waitForOutput(/Ctrl\+C closes it/)
  const users = startPostern(['users', 'create', 'ada', '--password-stdin'], { cwd: folder })
  users.process.stdin.end('analytical engine 1843')
  expect((await users.exited).code).toBe(0)
  const connect = startPostern(['connect', `http://localhost:${ports.door}/mcp`], {
    cwd: folder,
    env: { POSTERN_LOGIN: 'ada:analytical engine 1843' },
  })
  expect((await connect.exited).code).toBe(0)
  return () => server.stop()
}, 120_000)

async function run(script: string): Promise<{ code: number | null; stdout: string }> {
  writeFileSync(join(folder, 'postern.log'), server.stderr())
  const ofThisServer = script.replaceAll('8787', String(ports.door)).replaceAll('9464', String(ports.metrics))
  const npx = `npx() { shift; node ${JSON.stringify(join(repositoryRoot, 'bin/postern.js'))} "$@"; }`
  const shell = startChild('sh', ['-ec', `${npx}\n${ofThisServer}`], {
    cwd: folder,
    env: { POSTERN_CONSOLE_TOKEN: token },
  })
  shell.process.stdin.end()
  const { code } = await shell.exited
  return { code, stdout: shell.stdout() }
}

describe('every command of the guide', () => {
  test('there is a server to ask, and more than ten things to ask it', () => {
    expect(start?.script).toContain('npx postern serve --console --metrics-listen 9464 --log-format json')
    expect(commands.length).toBeGreaterThan(10)
  })

  test.each(commands)('$script', async ({ script, answer }) => {
    const { code, stdout } = await run(script)
    expect(code).toBe(0)
    expect(stdout.trim()).not.toBe('')
    if (answer !== undefined) expect(shapeOf(stdout)).toBe(shapeOf(answer))
  })

  test('every metric that it names is there, and no other of ours', async () => {
    const { stdout } = await run("curl -fsS http://127.0.0.1:9464/metrics | grep '^# TYPE postern_'")
    const there = [...stdout.matchAll(/TYPE (postern_\w+)/g)].map(([, name]) => name)
    const named = [...guide.matchAll(/^\| `(postern_\w+)\{/gm)].map(([, name]) => name)
    expect(there.sort()).toEqual(named.sort())
  })

  test('what it loads for traces makes spans of what goes by', async () => {
    const [, module = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? []
    const place = join(repositoryRoot, 'test-results', 'tracing.mjs')
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, module)
    const port = await findFreePort()
    const traced = startPostern(
      ['serve', '--access', 'none', '--port', String(port), '--', ...referenceServer],
      {
        cwd: temporaryDirectory(),
        env: { NODE_OPTIONS: `--import=${place}` },
      },
    )
    await traced.waitForOutput(/Ctrl\+C closes it/)
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
    await (await fetch(`http://localhost:${port}/mcp`, { method: 'POST', headers, body })).text()
    await traced.waitForOutput(/'mcp\.method\.name': 'tools\/list'/)
    await traced.stop()
  })
})

/** Without what is another each time: ids, ports, instants. */
function shapeOf(text: string): string {
  return text
    .trim()
    .replace(/localhost:\d+/g, 'localhost')
    .replace(/"time":"[^"]*"/g, '"time":""')
    .replace(/^\S+( +)(?:\d+ s|just now|\d+ min)/gm, 'ID')
    .replace(/ +/g, ' ')
}
