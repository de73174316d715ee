// `--story`: attempts of the connector at a real Postern, read by the doctor through its console’s API, and a token that goes nowhere else.

import { createServer, type OutgoingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type RunningServer, startServer } from '../../../src/app/node.ts'
import { connectAs } from '../../../src/app/testing.ts'
import { readStories } from '../../../src/doctor/story/console-stories.ts'
import { runPostern } from '../../cli/postern-command.ts'
import { account, type Door, openDoor } from '../../door.ts'
import { findFreePort } from '../../interop/loopback.ts'

const token = 'an-operators-token-of-enough-characters'
const env = { POSTERN_CONSOLE_TOKEN: token }

let door: Door
let server: RunningServer
beforeAll(async () => {
  const port = await findFreePort()
  door = await openDoor({ publicUrl: `http://localhost:${port}`, console: { token, settings: [] } })
  server = await startServer({
    port,
    fetch: (request, connection) => door.postern.fetch(request, connection),
  })
  const good = await connectAs('claude-hosted', door.mcpUrl, { login: account })
  good.expectConnected()
  const wrong = { username: 'ada', password: 'not the password' }
  const bad = await connectAs('claude-hosted', door.mcpUrl, { login: wrong })
  bad.expectRefused(/./)
  door.clock.now += 3600
  // Steps are written down half a second after they were seen.
  await vi.waitFor(async () => {
    expect((await stories()).map(({ state }) => state).toSorted()).toEqual(['connected', 'stopped'])
  }, 30_000)
})
afterAll(async () => {
  await door.postern.close()
  await server.close(0)
})

function stories(url = door.mcpUrl): ReturnType<typeof readStories> {
  return readStories({ url, token, fetch })
}

test('the one that stopped first, with cause and fix and every step; then who is connected; exit 1', async () => {
  const { code, stdout, stderr } = await runPostern(['doctor', '--story', door.mcpUrl], { env })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^✖ Claude, .*The person could not sign in\./)
  expect(stdout).toContain('A wrong user name or password')
  expect(stdout).toContain('sign-in-failed')
  expect(stdout).toMatch(/\+0 s {3}opened the sign-in in a browser/)
  expect(stdout).toMatch(/✔ Claude.* for ada, .*connected/)
  expect(stdout).toContain('2 attempts to connect: 1 connected, 1 stopped or in trouble')
  expect(code).toBe(1)
})

test('--json prints what was read, and no token', async () => {
  const { code, stdout } = await runPostern(
    ['doctor', '--story', door.origin, '--json', '--fail-on', 'never'],
    {
      env,
    },
  )
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ story: JSON.parse(JSON.stringify(await stories())) })
  expect(stdout).not.toContain(token)
})

test('with a URL the server is examined too, and its own attempt is not among those that are told', async () => {
  const { stdout } = await runPostern(['doctor', door.mcpUrl, '--story', door.origin], { env })
  expect(stdout).toContain('Examined as Claude on the web')
  expect(stdout.indexOf('Examined as')).toBeLessThan(stdout.indexOf('2 attempts to connect'))
})

describe('said in a sentence', () => {
  test.each([
    ['no token in the environment', { POSTERN_CONSOLE_TOKEN: undefined }, 'needs the operator’s token', 2],
    [
      'another token',
      { POSTERN_CONSOLE_TOKEN: 'not-the-one-that-it-was-started-with' },
      'does not accept',
      1,
    ],
  ])('%s', async (_, environment, says, expected) => {
    const { code, stderr, stdout } = await runPostern(['doctor', '--story', door.origin], {
      env: environment,
    })
    expect(stderr).toContain(says)
    expect(stdout).toBe('')
    expect(code).toBe(expected)
  })

  test('nobody is there', async () => {
    await expect(stories('http://127.0.0.1:9/')).rejects.toThrow('could not be reached')
  })

  test('a token is not sent in the clear, or to what is no address', async () => {
    for (const url of ['http://mcp.example.com/mcp', 'file:///etc/passwd', 'here'])
      await expect(stories(url)).rejects.toThrow('https://')
  })
})

describe('what answers is somebody else', () => {
  let other: Server
  let answer: (path: string) => { status: number; body: string; headers?: OutgoingHttpHeaders }
  const asked: string[] = []
  beforeAll(async () => {
    other = createServer((request, response) => {
      asked.push(`${request.headers.host} ${request.url}`)
      const { body, headers = {}, status } = answer(request.url ?? '')
      response.writeHead(status, headers).end(body)
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => other.close())
  const url = (): string => `http://127.0.0.1:${(other.address() as AddressInfo).port}/mcp`

  test.each([
    ['a page', 200, '<!doctype html>'],
    ['nothing of the kind', 404, '{}'],
    ['another shape', 200, '{"connections":[]}'],
    ['a failure', 500, ''],
  ])('%s: said to be no console', async (_, status, body) => {
    answer = () => ({ status, body })
    await expect(stories(url())).rejects.toThrow('has no console API')
  })

  test('a redirect is not followed: the token goes to the host that was typed', async () => {
    asked.length = 0
    answer = () => ({
      status: 302,
      body: '',
      headers: { location: `http://localhost:${new URL(url()).port}/console/api/connections` },
    })
    await expect(stories(url())).rejects.toThrow('has no console API')
    expect(asked).toHaveLength(1)
  })

  test('stories that are none', async () => {
    answer = (path) => ({
      status: 200,
      body: path.endsWith('connections') ? '[{"id":"a"}]' : '{"state":"winning"}',
    })
    await expect(stories(url())).rejects.toThrow('has no console API')
  })

  test('an answer without end', async () => {
    answer = () => ({ status: 200, body: ' '.repeat(5 * 1024 * 1024) })
    await expect(stories(url())).rejects.toThrow('larger than any list')
  })

  test('an answer that breaks off', async () => {
    answer = () => ({ status: 200, body: '[', headers: { 'content-length': '10' } })
    // A response that is finished has let go of its socket.
    other.once('request', ({ socket }, response) => response.once('finish', () => socket.destroy()))
    await expect(stories(url())).rejects.toThrow(/^the answer of 127\.0\.0\.1:\d+ broke off$/)
  })

  test('words that would move the cursor are not printed as they are', async () => {
    const story = {
      ...{
        id: 'a',
        client: '\u001b[2JClaude',
        state: 'stopped',
        seen: '\u001b[31mred',
        startedAt: 1,
        lastAt: 1,
      },
      ...{ lastStep: 'x', timeline: [{ words: '\u202eedualC', at: 1 }] },
    }
    answer = (path) => ({
      status: 200,
      body: JSON.stringify(path.endsWith('connections') ? [story] : story),
    })
    const { stdout } = await runPostern(['doctor', '--story', url()], { env })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(stdout).not.toMatch(/[\u001b\u202e]/)
    expect(stdout).toContain('Claude')
  })
})
