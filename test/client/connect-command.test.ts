// `postern connect` as a person or a script runs it: what it prints, where, and how it ends.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectCommand } from '../../src/app/cli/connect.ts'
import type { Connection } from '../../src/client/connector.ts'
import { runPostern } from '../cli/postern-command.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
let folder: string
beforeEach(async () => {
  server = await startScriptedServer({ pages: true })
  folder = mkdtempSync(join(tmpdir(), 'postern-connect-'))
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

interface Outcome {
  out: string
  err: string
  code: number | undefined
}

async function postern(
  words: readonly string[],
  options: { env?: Record<string, string>; isTerminal?: boolean } = {},
): Promise<Outcome> {
  const outcome: Outcome = { out: '', err: '', code: undefined }
  const command = connectCommand({
    env: { POSTERN_LOGIN: 'ada:correct-horse', ...options.env },
    out: (text) => {
      outcome.out += text
    },
    err: (text) => {
      outcome.err += text
    },
    isTerminal: options.isTerminal === true,
    exit: (code) => {
      outcome.code = code
    },
  })
  command.exitOverride()
  await command.parseAsync([...words], { from: 'user' })
  return outcome
}

test.each(['claude-code', 'claude-hosted', 'claude-hosted-2025', 'strict'])(
  '--as %s: numbered steps with verdicts, then the tools, then the results',
  async (surface) => {
    const { out, code } = await postern([
      server.url,
      '--as',
      surface,
      '--call',
      'echo',
      '{"message":"hi"}',
      '--read',
      'demo://blob',
    ])
    expect(code).toBe(0)
    expect(out).toContain(' 1 ✔ passed  Knock without a token')
    expect(out).toContain(' 4 ✔ passed  Sign in and consent')
    expect(out).toMatch(/Tools \(1\)\n {2}echo {2}Echo {2}read-only\n/)
    expect(out).toContain('{"message":"hi"}')
    expect(out).toContain('image image/png, 8 bytes')
    expect(out).toContain('binary application/octet-stream, 4 bytes')
    expect(out).toContain('✔ Connected.')
    expect(out).not.toContain('\u001b[')
  },
)

test('colour on a terminal, and none where NO_COLOR asks for none; FORCE_COLOR decides', async () => {
  const coloured = await postern([server.url], { isTerminal: true })
  expect(coloured.out).toContain('\u001b[32m✔ passed\u001b[0m')
  const plain = await postern([server.url], { isTerminal: true, env: { NO_COLOR: '1' } })
  expect(plain.out).not.toContain('\u001b[')
  const forced = await postern([server.url], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
  expect(forced.out).toContain('\u001b[32m')
  const unforced = await postern([server.url], { isTerminal: true, env: { FORCE_COLOR: '0' } })
  expect(unforced.out).not.toContain('\u001b[')
})

test('--json is one document with steps, lists, results and the transcript, and nothing else', async () => {
  const { out, code } = await postern([server.url, '--json', '--call', 'echo', '{"a":1}'])
  const connection = JSON.parse(out) as Connection
  expect(code).toBe(0)
  expect(connection.transcript).toMatchObject({
    transcriptVersion: 1,
    surface: 'claude-code',
    url: server.url,
  })
  expect(connection.transcript.steps[0]).toMatchObject({ number: 1, name: 'probe', verdict: 'passed' })
  expect(connection.transcript.steps[0]?.exchanges[0]).toMatchObject({
    method: 'POST',
    url: server.url,
    status: 401,
  })
  expect(connection.tools.map(({ name }) => name)).toEqual(['echo'])
  expect(connection.calls[0]).toMatchObject({
    name: 'echo',
    result: { content: [{ type: 'text', text: '{"a":1}' }, {}] },
  })
})

test('--state remembers, with mode 0600; the next run needs no one; --refresh uses it; --forget gives it up', async () => {
  const state = join(folder, 'state.json')
  expect((await postern([server.url, '--state', state])).code).toBe(0)
  expect(statSync(state).mode & 0o777).toBe(0o600)
  server.lines()

  const again = await postern([server.url, '--state', state], { env: { POSTERN_LOGIN: '' } })
  expect(again.code).toBe(0)
  expect(again.out).toContain(' 1 ✔ passed  Open the MCP session')
  expect(server.lines()).not.toContain('GET /auth')

  const before = readFileSync(state, 'utf8')
  const refreshed = await postern([server.url, '--state', state, '--refresh', '--call', 'echo'])
  expect(refreshed.out).toContain('✔ passed  Refresh the token')
  expect(refreshed.out.match(/passed {2}Call echo/g)).toHaveLength(2)
  expect(refreshed.out.match(/Result of echo/g)).toHaveLength(1)
  expect(readFileSync(state, 'utf8')).not.toBe(before)

  server.lines()
  expect((await postern([server.url, '--state', state, '--forget'])).code).toBe(0)
  const lines = server.lines()
  expect(lines.filter((line) => line === 'POST /token/revocation')).toHaveLength(2)
  expect(lines).toContain('GET /auth')
})

test('one state file holds several clients, which do not see each other', async () => {
  const state = join(folder, 'state.json')
  await postern([server.url, '--state', state, '--as', 'strict'])
  const other = await postern([server.url, '--state', state, '--as', 'claude-code'])
  expect(other.out).toContain('Knock without a token')
  const { connections } = JSON.parse(readFileSync(state, 'utf8')) as { connections: object }
  expect(Object.keys(connections)).toEqual([`strict ${server.url}`, `claude-code ${server.url}`])
})

test('a given client: its id, and its secret from the environment', async () => {
  const { code } = await postern([server.url, '--client-id', 'mine', '--scope', 'x y'], {
    env: { POSTERN_CLIENT_SECRET: 'kept-secret' },
  })
  expect(code).toBe(0)
  const authorization = server.seen.find(({ path }) => path === '/token')?.headers.get('authorization') ?? ''
  expect(atob(authorization.replace('Basic ', ''))).toBe('mine:kept-secret')
  expect(server.seen.find(({ path }) => path === '/auth')?.query.get('scope')).toBe('x y')
})

test('the exit code tells the cause', async () => {
  const codes = {
    signIn: (await postern([server.url], { env: { POSTERN_LOGIN: 'ada:wrong-password' } })).code,
    notReached: (await postern(['http://127.0.0.1:1/mcp'])).code,
    tool: (await postern([server.url, '--call', 'fail'])).code,
    protocol: (await postern([`${server.origin}/nothing-here`])).code,
  }
  expect(codes).toEqual({ signIn: 3, notReached: 4, tool: 5, protocol: 6 })
})

test.each([
  [[], 'the URL of the server is missing'],
  [['ftp://a.example'], 'no http or https URL'],
  [['URL', '--call', 'echo', '{"a"'], 'not JSON'],
  [['URL', '--call', '{}'], 'needs the name of a tool'],
  [['URL', '--revision', '2025-11-25'], '--revision goes with --as strict'],
  [['URL', '--as', 'strict', '--revision', '2025-01-01'], 'no revision of MCP'],
  [['URL', '--client-secret', 's'], 'needs its client id'],
  [['URL', '--state', 'package.json'], 'is not a state file'],
])('wrong usage %j: code 2, one sentence, nothing sent', async (words, says) => {
  const { code, err } = await postern(words.map((word) => (word === 'URL' ? server.url : word)))
  expect(code).toBe(2)
  expect(err).toContain(says)
  expect(err.trim().split('\n')).toHaveLength(1)
  expect(server.seen).toEqual([])
})

test('POSTERN_LOGIN without a colon is told before anything is sent', async () => {
  const { code, err } = await postern([server.url], { env: { POSTERN_LOGIN: 'ada' } })
  expect([code, err]).toEqual([2, 'postern connect: POSTERN_LOGIN has the form user:password\n'])
})

test('hosted Claude with the system’s browser: told what to use, and nothing is opened', async () => {
  const { code, out } = await postern([server.url, '--as', 'claude-hosted', '--browser', 'system'])
  expect(code).toBe(2)
  expect(out).toContain('use --browser fetch or --browser headless')
  expect(server.lines()).not.toContain('GET /auth')
})

test('--timeout ends the whole run, a person at the browser included', async () => {
  const path = process.env.PATH
  process.env.PATH = folder
  try {
    const { code, out } = await postern([server.url, '--browser', 'system', '--timeout', '0.5'])
    expect(code).toBe(4)
    expect(out).toContain('not there within 0.5 seconds')
  } finally {
    process.env.PATH = path
  }
})

test('and the program ends with it, though nobody has come back from the browser', async () => {
  const words = ['connect', server.url, '--browser', 'system', '--timeout', '0.5']
  const { code, stdout } = await runPostern(words, {
    env: { PATH: dirname(process.execPath) },
    timeoutMilliseconds: 30_000,
  })
  expect(stdout).toContain('not there within 0.5 seconds')
  expect(code).toBe(4)
})

test('what the server says cannot move the cursor', async () => {
  server.switches.denies = true
  server.switches.pages = false
  server.switches.metadata = { issuer: 'https://a.example/\u001b[2J\u202e' }
  const { out } = await postern([server.url])
  expect(out).toContain('issuer is')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
})

test('the official suite’s environment: its credentials, its revision, and a call of the first tool', async () => {
  server.switches.pages = false
  const env = {
    POSTERN_LOGIN: '',
    MCP_CONFORMANCE_SCENARIO: 'auth/pre-registration',
    MCP_CONFORMANCE_CONTEXT: JSON.stringify({ client_id: 'pre', client_secret: 'pre-secret' }),
    MCP_CONFORMANCE_PROTOCOL_VERSION: '2025-06-18',
  }
  const { code, out } = await postern(['--as', 'strict', server.url], { env })
  expect(code).toBe(0)
  expect(out).toContain('MCP 2025-06-18')
  expect(server.lines()).toContain('POST /mcp tools/call')
  expect(server.seen.find(({ path }) => path === '/auth')?.query.get('client_id')).toBe('pre')
})
