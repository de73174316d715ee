// A real Chromium without a window: forms filled and pressed, the answer to claude.ai caught before it leaves, and no way to a private address.

import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { createHeadlessBrowser } from '../../src/client/browser-headless-node.ts'
import type { MayBePrivate } from '../../src/client/private-hosts.ts'
import { claudeCode, claudeHosted } from '../../src/client/surfaces/index.ts'
import { createTranscript } from '../../src/client/transcript.ts'
import { createWire } from '../../src/client/wire.ts'
import { issueCertificate } from './certificates.ts'
import { household, login } from './connection.ts'
import { startScriptedServer } from './scripted-server.ts'

const patienceSeconds = 30
const mayBePrivate = (): boolean => true

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function scriptedServer(): ReturnType<typeof startScriptedServer> {
  const server = await startScriptedServer({ pages: true })
  closing.push(() => server.close())
  return server
}

test.each([
  ['an answer for claude.ai', claudeHosted, 'https://claude.ai/api/mcp/auth_callback'],
  ['an answer for this machine', claudeCode, 'http://localhost:'],
])('%s', async (_, surface, redirectUri) => {
  const server = await scriptedServer()
  const browser = createHeadlessBrowser({ login, patienceSeconds, mayBePrivate })
  const connection = await household(server, surface).connect({ browser })
  expect(connection.failure).toBeUndefined()
  expect(server.seen.find(({ path }) => path === '/token')?.form.get('redirect_uri')).toContain(redirectUri)
  expect(JSON.stringify(connection)).not.toContain(login.password)
})

test('a wrong password is told as such', async () => {
  const server = await scriptedServer()
  const browser = createHeadlessBrowser({
    login: { ...login, password: 'wrong-password' },
    patienceSeconds,
    mayBePrivate,
  })
  const connection = await household(server, claudeHosted).connect({ browser })
  expect(connection.failure).toMatchObject({ reason: 'sign-in' })
  expect(connection.failure?.says).toContain('were not accepted')
})

test('a sign-in that leads nowhere is told at once, not when patience ends', async () => {
  await expect(visit('http://127.0.0.1:1/authorize', mayBePrivate)).rejects.toThrow(
    /leads to http:\/\/127\.0\.0\.1:1\/authorize, which could not be reached: net::/,
  )
})

test('https goes through as it is: a certificate that is no good is refused by the browser itself', async () => {
  const { keyPem, pem } = issueCertificate({ name: 'localhost', hosts: ['localhost'] }, 'itself')
  const server = createTlsServer({ cert: pem, key: keyPem })
  let refusals = 0
  server.on('tlsClientError', () => refusals++)
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  closing.push(() => server.close())
  const { port } = server.address() as AddressInfo
  const visited = visit(`https://localhost:${port}/authorize`, mayBePrivate)
  await expect(visited).rejects.toThrow(/could not be reached: net::ERR_(SSL|CERT)_/)
  expect(refusals).toBeGreaterThan(0)
})

describe('[SBP-07] hosts that only metadata and pages name', () => {
  // Loopback stands for the internet: only the typed name may lead there.
  const typedOnly: MayBePrivate = (hostname) => hostname === 'localhost'

  test.each<[string, (inner: string) => string]>([
    ['a redirect', (inner) => `location: ${inner}/page`],
    ['a script', (inner) => `<script>location = '${inner}/page'</script>`],
    ['a form', (inner) => `<form action="${inner}/page"><button>Continue</button></form>`],
  ])('%s leads the browser to no port of this machine, and it is told where', async (_, led) => {
    const inner = await served('127.0.0.1', () => '<p>secret</p>')
    const stranger = await served('localhost', () => led(inner.origin))
    await expect(visit(`${stranger.origin}/authorize`, typedOnly)).rejects.toThrow(
      `the sign-in leads to ${inner.origin}/page, which is not at a public address`,
    )
    expect(inner.visits()).toBe(0)
    // The same without the guard, so that the stranger is known to have tried.
    await visit(`${stranger.origin}/authorize`, mayBePrivate).catch(() => undefined)
    expect(inner.visits()).toBeGreaterThan(0)
  })

  test('metadata that names one is not followed either', async () => {
    const inner = await served('127.0.0.1', () => '<p>secret</p>')
    await expect(visit(`${inner.origin}/authorize`, typedOnly)).rejects.toThrow('not at a public address')
    expect(inner.visits()).toBe(0)
  })

  test('nor is anything loaded from there by a page: pictures, scripts, requests, sockets, calls', async () => {
    const inner = await served('127.0.0.1', () => 'document.title = "told"')
    const datagrams = createSocket('udp4')
    let isTold = false
    datagrams.on('message', () => {
      isTold = true
    })
    await new Promise<void>((resolve) => datagrams.bind(0, '127.0.0.1', resolve))
    closing.push(() => datagrams.close())
    const { port } = datagrams.address()
    const asks = (origin: string): string =>
      `<img src="${origin}/picture"><script src="${origin}/script"></script><script>
         fetch('${origin}/request', { mode: 'no-cors' }).catch(() => undefined)
         new WebSocket('${origin.replace('http', 'ws')}/socket')
         new EventSource('${origin}/events')
         const call = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:${port}' }] })
         call.createDataChannel('told')
         call.setLocalDescription()
       </script><iframe src="${origin}/frame"></iframe><form action="/later"><button>Continue</button></form>`
    const stranger = await served('localhost', (path) =>
      path.startsWith('/later') ? '<p>Nothing to press</p>' : asks(inner.origin),
    )
    await expect(visit(`${stranger.origin}/authorize`, typedOnly)).rejects.toThrow('Nothing to press')
    expect(inner.visits()).toBe(0)
    await visit(`${stranger.origin}/authorize`, mayBePrivate).catch(() => undefined)
    expect(inner.visits()).toBeGreaterThan(3)
    // No proxy carries datagrams, so none is sent in either case.
    expect(isTold).toBe(false)
  })
})

function visit(authorizationUrl: string, may: MayBePrivate): Promise<string> {
  const transcript = createTranscript({
    surface: 't',
    url: authorizationUrl,
    clock: () => 0,
    stopwatch: () => 0,
  })
  return createHeadlessBrowser({ login, patienceSeconds, mayBePrivate: may }).visit({
    authorizationUrl,
    redirectUri: 'https://claude.ai/api/mcp/auth_callback',
    callback: undefined,
    wire: createWire({ fetch, transcript, signal: undefined }),
    transcript,
    signal: undefined,
  })
}

/** What a page began meanwhile has left it by then. */
const laterMs = 700

/** Answers with a page, or with the redirect that is written in place of one. */
async function served(
  host: 'localhost' | '127.0.0.1',
  answer: (path: string) => string,
): Promise<{ origin: string; visits(): number }> {
  let visits = 0
  const server = createServer(async ({ url = '' }, response) => {
    if (url.startsWith('/later')) await setTimeout(laterMs)
    const said = answer(url)
    const [, location] = /^location: (.+)/.exec(said) ?? []
    if (location === undefined) response.writeHead(200, { 'content-type': 'text/html' }).end(said)
    else response.writeHead(302, { location }).end()
  })
  server.on('connection', () => visits++)
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://${host}:${port}`, visits: () => visits }
}
