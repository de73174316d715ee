/** `postern serve` from its start to its end: the banner, the first account, what goes wrong, and what survives. */

import { existsSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { closedWays } from '../../src/app/cli/banner.ts'
import { findFreePort } from '../interop/loopback.ts'
import { obtainTokens } from '../interop/plain-sign-in.ts'
import {
  account,
  initialize,
  makeFirstAccount,
  referenceServer,
  runPostern,
  serve,
  temporaryDirectory,
} from './postern-command.ts'

const anyPort = ['--port', '0']

describe('the banner', () => {
  test('shows the URL, how to add it to each client, and what is missing for the others', async () => {
    const { child, connectorUrl } = await serve(temporaryDirectory(), [...anyPort, '--', ...referenceServer])
    const banner = child.stdout()
    expect(connectorUrl).toMatch(/^http:\/\/localhost:\d+\/mcp$/)
    expect(banner).toContain(`claude mcp add --transport http server-everything ${connectorUrl}`)
    expect(banner).toContain('npx @modelcontextprotocol/inspector')
    expect(banner).toContain(`postern connect ${connectorUrl}`)
    expect(banner).toMatch(/Not yet: claude\.ai, Desktop and mobile/)
    expect(banner).toMatch(/--tunnel/)
    expect(banner).toMatch(/--public-url/)
    expect(banner).not.toMatch(/Not every client|Nobody has to sign in/)
    await child.waitForOutput(/Your MCP server answers \(\S+ \S+\)/)
    // Commands and URLs are copied whole; sentences fit a small window.
    const wide = banner.split('\n').filter((line) => line.length > 80 && !/https?:|node /.test(line))
    expect(wide).toEqual([])
  })

  test('with a public URL it says where to click in Claude', async () => {
    const port = await findFreePort()
    const publicUrl = ['--public-url', `https://localhost:${port}`]
    const { child } = await serve(temporaryDirectory(), [
      ...anyPort,
      ...publicUrl,
      '--name',
      'My Things',
      '--',
      ...referenceServer,
    ])
    expect(child.stdout()).toContain(
      `claude mcp add --transport http My-Things https://localhost:${port}/mcp`,
    )
    expect(child.stdout()).toMatch(/claude\.ai\s+Customize > Connectors/)
    expect(child.stdout()).toMatch(/Desktop/)
    expect(child.stdout()).toMatch(/mobile/)
    expect(child.stdout()).not.toMatch(/Not yet/)
  })

  test('ways in that are closed are said with who can then still connect, and metadata follows', async () => {
    const flags = ['--no-registration', '--no-metadata-documents']
    const { child, origin } = await serve(temporaryDirectory(), [
      ...anyPort,
      ...flags,
      '--',
      ...referenceServer,
    ])
    expect(child.stdout().replaceAll(/\n\s+/g, ' ')).toMatch(/Not every client.*postern clients create/)
    const metadata = await fetch(`${origin}/.well-known/oauth-authorization-server`)
    const document = (await metadata.json()) as Record<string, unknown>
    expect(document).not.toHaveProperty('registration_endpoint')
    expect(document.client_id_metadata_document_supported).not.toBe(true)
    expect((await fetch(`${origin}/register`, { method: 'POST' })).status).toBe(404)
  })

  test.each([
    [{}, undefined],
    [{ registration: false }, /claude\.ai, Claude Code and VS Code by their metadata documents.*cannot/],
    [{ metadataDocuments: false }, /claude\.ai, Claude Code and nearly all others by registering themselves/],
    [{ preRegistered: false }, /^Because of --no-pre-registered, these can: claude\.ai(?!.*clients create)/],
  ])('%j leaves the clients that it should', (closed, says) => {
    const words = closedWays({ registration: true, metadataDocuments: true, preRegistered: true, ...closed })
    if (says === undefined) expect(words).toBeUndefined()
    else expect(words).toMatch(says)
  })

  test('metadata answers before the MCP server is up', async () => {
    // It never is: this one reads and says nothing.
    const silent = ['node', '-e', 'process.stdin.resume()']
    const { origin, connectorUrl } = await serve(temporaryDirectory(), [...anyPort, '--', ...silent])
    const document = await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`)
    expect(await document.json()).toMatchObject({ resource: connectorUrl, authorization_servers: [origin] })
    expect((await initialize(connectorUrl)).status).toBe(401)
  })
})

describe('the setup link', () => {
  test('[HS-14] makes the first account once, and is in no log', async () => {
    const data = temporaryDirectory()
    const first = await serve(data, [...anyPort, '--log-level', 'debug', '--', ...referenceServer])
    expect(first.setupLink).toMatch(/\/setup#pst_su_/)
    const token = new URL(first.setupLink ?? '').hash.slice(1)
    const made = await makeFirstAccount(first.setupLink ?? '', account)
    expect(made.status).toBe(303)
    expect((await makeFirstAccount(first.setupLink ?? '', account)).status).toBe(404)
    expect(first.child.stderr()).toContain('setup.completed')
    expect(first.child.stderr()).not.toContain(token)
    await first.child.stop()

    const second = await serve(data, [...anyPort, '--', ...referenceServer])
    expect(second.setupLink).toBeUndefined()
  })

  test('[HS-14] is another at each start, and only the newest works', async () => {
    const data = temporaryDirectory()
    const first = await serve(data, [...anyPort, '--', ...referenceServer])
    await first.child.stop()
    const second = await serve(data, [...anyPort, '--', ...referenceServer])
    expect(second.setupLink).not.toBe(first.setupLink)
    const old = `${second.origin}/setup${new URL(first.setupLink ?? '').hash}`
    expect((await makeFirstAccount(old, account)).status).toBe(403)
    expect((await makeFirstAccount(second.setupLink ?? '', account)).status).toBe(303)
  })
})

describe('the data directory', () => {
  test('[HS-05] is made at the first start, for its owner only', async () => {
    const data = join(temporaryDirectory(), 'deep', 'inside')
    await serve(data, [...anyPort, '--', ...referenceServer])
    for (const [name, mode] of [
      ['.', 0o700],
      ['postern.db', 0o600],
      ['master.key', 0o600],
    ] as const) {
      expect(statSync(join(data, name)).mode & 0o777).toBe(mode)
    }
  })

  test('[HS-05] with the key in the environment holds none', async () => {
    const data = temporaryDirectory()
    const key = Buffer.alloc(32, 7).toString('base64url')
    const { child } = await serve(data, [...anyPort, '--', ...referenceServer], {
      env: { POSTERN_MASTER_KEY: key },
    })
    await child.stop()
    expect(existsSync(join(data, 'master.key'))).toBe(false)
    const without = await runPostern(['serve', '--data', data, ...anyPort, '--', ...referenceServer])
    expect(without.code).toBe(1)
    expect(without.stderr.replaceAll(/\s+/g, ' ')).toMatch(/master\.key is missing.*POSTERN_MASTER_KEY/)
    expect(existsSync(join(data, 'master.key'))).toBe(false)
  })

  test('that cannot be used is told in a sentence', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const { code, stderr } = await runPostern(['serve', '--data', join(file, 'data'), '--', 'node'])
    expect(code).toBe(1)
    expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(/data directory .* is not a directory/)
    expect(stderr).not.toContain('    at ')
  })
})

describe('what goes wrong at the start', () => {
  test.each(['--port', '--metrics-listen'])('a port in use is told with what to do: %s', async (flag) => {
    const other = createServer()
    await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready))
    const { port } = other.address() as { port: number }
    const words = flag === '--port' ? [flag, String(port)] : [...anyPort, flag, `127.0.0.1:${port}`]
    const { code, stdout, stderr } = await runPostern([
      ...['serve', '--data', temporaryDirectory(), ...words],
      ...['--', ...referenceServer],
    ])
    other.close()
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(
      new RegExp(`^Error: port ${port} on 127.0.0.1 is in use by another program; .*${flag}`),
    )
    expect(stderr).not.toContain('    at ')
  })

  test('a command that dies is told with what it printed, and the door stays open', async () => {
    const dying = ['node', '-e', 'console.error("cannot read weather.conf"); process.exit(3)']
    const { child, origin } = await serve(temporaryDirectory(), [...anyPort, '--', ...dying])
    await child.waitForOutput(/The door stays open/)
    const says = child.stdout().replaceAll(/\s+/g, ' ')
    expect(says).toMatch(/Your MCP server does not answer .*cannot read weather\.conf/)
    expect((await fetch(`${origin}/healthz`)).status).toBe(200)
  })

  test('a command that does not exist is told by its name', async () => {
    const { child } = await serve(temporaryDirectory(), [...anyPort, '--', 'no-such-mcp-server', '--flag'])
    await child.waitForOutput(/The door stays open/)
    expect(child.stdout().replaceAll(/\s+/g, ' ')).toMatch(
      /does not answer .*"no-such-mcp-server" could not be started .*Is it installed/,
    )
  })

  test('a URL where nothing listens is told too', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}/mcp`
    const { child } = await serve(temporaryDirectory(), [...anyPort, '--upstream', url])
    await child.waitForOutput(/The door stays open/)
    expect(child.stdout()).toContain(url)
  })

  test('a --cwd that is not there is refused', async () => {
    const words = ['serve', '--data', temporaryDirectory(), '--cwd', '/nowhere/at/all', '--', 'node']
    const { code, stderr } = await runPostern(words)
    expect(code).toBe(2)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('--cwd /nowhere/at/all is not a directory')
  })
})

describe('what survives', () => {
  test('after kill -9 account, client and tokens are still good', async () => {
    const data = temporaryDirectory()
    const words = ['--port', String(await findFreePort()), '--', ...referenceServer]
    const first = await serve(data, words)
    await makeFirstAccount(first.setupLink ?? '', account)
    const tokens = await obtainTokens(first.connectorUrl, account)
    expect((await initialize(first.connectorUrl, tokens.accessToken)).status).toBe(200)
    await first.child.waitForOutput(/session\.opened[\s\S]*mcp\.request|mcp\.request[\s\S]*session\.opened/)
    expect(storyOf(first.child.stderr())).toEqual([
      'client.registered',
      'authorization.requested',
      'login.succeeded',
      'consent.shown',
      'consent.approved',
      'token.issued',
      'mcp.request',
    ])
    first.child.process.kill('SIGKILL')
    await first.child.exited

    const second = await serve(data, words)
    expect(second.connectorUrl).toBe(first.connectorUrl)
    expect((await initialize(second.connectorUrl, tokens.accessToken)).status).toBe(200)
    const refreshed = await fetch(tokens.tokenEndpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: tokens.refreshToken ?? '',
        client_id: tokens.clientId,
      }),
    })
    expect(refreshed.status).toBe(200)
    // The account signs in again, as another client.
    expect((await obtainTokens(second.connectorUrl, account)).clientId).not.toBe(tokens.clientId)
  })
})

/** What docs/guides/testing.md tells people to look for, as the flow of the one registration that there was. */
function storyOf(log: string): string[] {
  const events = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; flowId: string })
  const flow = events.find(({ event }) => event === 'client.registered')?.flowId
  return events
    .filter(({ event, flowId }) => flowId.split('.')[0] === flow && !/^(?:upstream|session)\./.test(event))
    .map(({ event }) => event)
}

describe('the end', () => {
  test('SIGTERM in the middle of the start ends it in order, with 0', async () => {
    const { child } = await serve(temporaryDirectory(), [...anyPort, '--', ...referenceServer])
    child.process.kill('SIGTERM')
    expect(await child.exited).toMatchObject({ code: 0, signal: null })
    expect(child.stderr().trim().split('\n').at(-1)).toContain('server.closed')
    expect(child.stderr()).not.toContain('failed')
  })

  test('SIGINT too, and a client that listens for news does not hold it up', async () => {
    const openDoor = [...anyPort, '--access', 'none', '--', ...referenceServer]
    const { child, connectorUrl, origin } = await serve(temporaryDirectory(), openDoor)
    expect(child.stdout()).toContain('Nobody has to sign in')
    expect((await fetch(`${origin}/.well-known/oauth-authorization-server`)).status).toBe(404)
    const opened = await initialize(connectorUrl)
    const session = opened.headers.get('mcp-session-id') ?? ''
    await opened.text()
    const stream = await fetch(connectorUrl, {
      headers: {
        accept: 'text/event-stream',
        'mcp-session-id': session,
        'mcp-protocol-version': '2025-11-25',
      },
    })
    expect(stream.status).toBe(200)
    child.process.kill('SIGINT')
    expect(await child.exited).toMatchObject({ code: 0, signal: null })
    await stream.text().catch(() => undefined)
  })
})

describe('a fault of ours that nobody caught', () => {
  test.each([
    ['info', false],
    ['debug', true],
  ])('at log level %s ends it in order; a stack is shown: %s', async (level, hasStack) => {
    const preload = join(temporaryDirectory(), 'fault.mjs')
    writeFileSync(preload, "process.on('SIGUSR2', () => Promise.reject(new Error('the unforeseen')))")
    const { child } = await serve(
      temporaryDirectory(),
      [...anyPort, '--log-level', level, '--', ...referenceServer],
      { env: { NODE_OPTIONS: `--import=${preload}` } },
    )
    child.process.kill('SIGUSR2')
    expect((await child.exited).code).toBe(1)
    const says = child.stderr().replaceAll(/\s+/g, ' ')
    expect(says).toMatch(/Error: something unexpected went wrong \([\w-]{14}\): the unforeseen\./)
    expect(says).toContain('server.closed')
    expect(/\n {4}at /.test(child.stderr())).toBe(hasStack)
  })
})

describe('logs', () => {
  test('are one JSON object a line where no terminal is', async () => {
    const { child, connectorUrl } = await serve(temporaryDirectory(), [...anyPort, '--', ...referenceServer])
    await initialize(connectorUrl)
    await child.waitForOutput(/mcp\.refused/)
    await child.stop()
    const lines = child.stderr().trim().split('\n')
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    for (const event of events) {
      expect(event).toMatchObject({
        level: expect.any(String),
        event: expect.any(String),
        flowId: expect.any(String),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      })
    }
    expect(events.map(({ event }) => event)).toContain('server.opened')
  })

  test('are words if asked for, and no more of them than asked for', async () => {
    const pretty = ['--log-format', 'pretty', '--log-level', 'warn']
    const { child, origin } = await serve(temporaryDirectory(), [
      ...anyPort,
      ...pretty,
      '--',
      ...referenceServer,
    ])
    await fetch(`${origin}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'nonsense' }),
    })
    await child.waitForOutput(/request\.refused/)
    await child.stop()
    expect(child.stderr()).toMatch(
      /^\d\d:\d\d:\d\d request\.refused .*method=POST path=\/oauth\/token status=40\d/,
    )
    expect(child.stderr()).not.toContain('server.opened')
  })
})
