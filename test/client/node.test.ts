// What the connector does with this machine: the listener for the redirect, the opener of browsers, the state file.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSystemBrowser, openerOf, openInSystemBrowser } from '../../src/client/browser-system-node.ts'
import { createConnectionMemory, createConnectionState } from '../../src/client/connection-state.ts'
import { openLoopbackCallback } from '../../src/client/loopback-callback-node.ts'
import { createPlainFetch } from '../../src/client/plain-fetch-node.ts'
import { readStateFile, writeStateFile } from '../../src/client/state-file-node.ts'
import { claudeCode, strict } from '../../src/client/surfaces/index.ts'
import { createTranscript } from '../../src/client/transcript.ts'
import { createWire } from '../../src/client/wire.ts'
import { household } from './connection.ts'
import { startScriptedServer } from './scripted-server.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-client-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('[AUTH-2025-03-26-13] the state file is its owner’s alone, and replaced whole', async () => {
  const path = join(folder, 'deep', 'state.json')
  const state = createConnectionState()
  state.connections['strict https://mcp.example'] = createConnectionMemory()
  await writeStateFile(path, state)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  writeFileSync(path, readFileSync(path), { mode: 0o644 })
  await Promise.all(Array.from({ length: 10 }, () => writeStateFile(path, state)))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'deep'))).toEqual(['state.json'])
  expect(await readStateFile(path)).toEqual(state)
})

test('no state file is an empty state; another file is refused and left alone', async () => {
  expect(await readStateFile(join(folder, 'none.json'))).toEqual(createConnectionState())
  const path = join(folder, 'mine.json')
  for (const text of ['{', '{"stateVersion":2,"connections":{}}', '[]', 'null']) {
    writeFileSync(path, text)
    await expect(readStateFile(path)).rejects.toThrow(TypeError)
    expect(readFileSync(path, 'utf8')).toBe(text)
  }
})

test('the listener answers on both families, once, for an answer at its path', async () => {
  const callback = await openLoopbackCallback({
    host: 'localhost',
    path: '/callback',
    preferredPort: undefined,
  })
  const at = (path: string, host = '127.0.0.1'): Promise<Response> =>
    fetch(`http://${host}:${callback.port}${path}`)
  try {
    expect((await at('/favicon.ico')).status).toBe(404)
    expect((await at('/callback')).status).toBe(404)
    expect((await at('//')).status).toBe(404)
    const answer = await at('/callback?code=c&state=s')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await callback.received).toBe(`http://localhost:${callback.port}/callback?code=c&state=s`)
    await at('/callback?code=later&state=s')
    expect(await callback.received).toContain('code=c&')
  } finally {
    await callback.close()
  }
  await expect(at('/callback?code=c')).rejects.toThrow()
})

test('the same port again if it is free, another one if it is not', async () => {
  const options = { host: '127.0.0.1', path: '/callback' }
  const first = await openLoopbackCallback({ ...options, preferredPort: undefined })
  await first.close()
  const second = await openLoopbackCallback({ ...options, preferredPort: first.port })
  expect(second.port).toBe(first.port)
  await second.close()
  const squatter = createServer()
  await new Promise<void>((resolve) => squatter.listen(first.port, '127.0.0.1', resolve))
  const third = await openLoopbackCallback({ ...options, preferredPort: first.port })
  expect(third.port).not.toBe(first.port)
  await third.close()
  squatter.close()
})

test.each(['javascript:alert(1)', 'file:///etc/passwd', 'calculator:', '-a Calculator', '$(reboot)'])(
  '[SBP-11] %s is never given to the system',
  (url) => {
    expect(() => openInSystemBrowser(url)).toThrow('no web address')
  },
)

test('[SBP-11] no opener is a shell', () => {
  const openers = ['darwin', 'linux', 'win32', 'freebsd'].map((system) => openerOf(system)[0])
  expect(openers).toEqual(['open', 'xdg-open', 'rundll32', 'xdg-open'])
})

test('nobody at the browser: given up after a while', async () => {
  const transcript = createTranscript({
    surface: 't',
    url: 'https://as.test',
    clock: () => 0,
    stopwatch: () => 0,
  })
  const path = process.env.PATH
  process.env.PATH = folder
  const callback = await openLoopbackCallback({
    host: 'localhost',
    path: '/callback',
    preferredPort: undefined,
  })
  const announced: string[] = []
  try {
    const browser = createSystemBrowser({ announce: (url) => announced.push(url), patienceSeconds: 0.05 })
    const visited = browser.visit({
      authorizationUrl: 'https://as.test/auth?client_id=c',
      redirectUri: `http://localhost:${callback.port}/callback`,
      callback,
      wire: createWire({ fetch, transcript, signal: undefined }),
      transcript,
      signal: undefined,
    })
    await expect(visited).rejects.toThrow('nobody signed in within 0.05 seconds')
    expect(announced).toEqual(['https://as.test/auth?client_id=c'])
  } finally {
    process.env.PATH = path
    await callback.close()
  }
})

test('a person in the system’s browser: the answer comes through the listener', async () => {
  const server = await startScriptedServer()
  try {
    const connection = await household(server, strict).connect({
      browser: {
        name: 'system',
        catchesForeignRedirects: false,
        async visit({ authorizationUrl, callback }) {
          await fetch(authorizationUrl)
          return (await callback?.received) ?? ''
        },
      },
    })
    expect(connection.failure).toBeUndefined()
  } finally {
    await server.close()
  }
})

test('a token that was rotated is remembered before anything else can go wrong', async () => {
  const server = await startScriptedServer()
  try {
    const home = household(server, strict)
    await home.connect()
    const before = home.memory?.tokens?.refreshToken
    server.expireTokens()
    const asked = server.seen.length
    const cut = await home.connect({
      fetch: async (input, init) => {
        if (server.seen.slice(asked).some(({ path }) => path === '/token'))
          throw new Error('the cable is cut')
        return fetch(input, init)
      },
    })
    expect(cut.failure).toMatchObject({ reason: 'not-reached' })
    expect(home.memory?.tokens?.refreshToken).not.toBe(before)
    expect((await home.connect()).failure).toBeUndefined()
  } finally {
    await server.close()
  }
})

test('the wire carries what Claude Code sends, and no header of the runtime beside it', async () => {
  const server = await startScriptedServer()
  const plain = createPlainFetch(() => true)
  try {
    const connection = await household(server, claudeCode).connect({
      fetch: plain.fetch,
      calls: [{ name: 'echo', arguments: {} }],
    })
    expect(connection.failure).toBeUndefined()
    const names = new Set(
      server.seen.filter(({ path }) => path !== '/auth').flatMap(({ headers }) => [...headers.keys()]),
    )
    expect([...names].sort()).toEqual([
      'accept',
      'accept-encoding',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'mcp-method',
      'mcp-protocol-version',
      'mcp-session-id',
      'user-agent',
    ])
  } finally {
    await plain.close()
    await server.close()
  }
})
