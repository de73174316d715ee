/** What the start finds out about its public URL, and the tunnel; "outside" is a loopback server that stands where a proxy would. */

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ProbeFinding, probePublicUrl } from '../../src/app/cli/public-url-probe.ts'
import { findTunnelUrl } from '../../src/app/cli/tunnel.ts'
import { createOutboundFetch } from '../../src/platform/outbound-fetch.ts'
import { findFreePort } from '../interop/loopback.ts'
import {
  account,
  initialize,
  makeFirstAccount,
  referenceServer,
  runPostern,
  serve,
  temporaryDirectory,
} from './postern-command.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const publicUrl = 'https://mcp.example.com'
const resource = `${publicUrl}/mcp`

/** Our own answers, as they come through a proxy that is well. */
const well: Handler = (request, response) => {
  const path = request.url ?? ''
  if (path.startsWith('/.well-known/oauth-protected-resource')) json(response, 200, { resource })
  else if (path.startsWith('/.well-known/')) json(response, 200, { issuer: publicUrl })
  else if (path === '/healthz') json(response, 200, { status: 'ok' })
  else {
    const challenge = `Bearer resource_metadata="${publicUrl}/.well-known/oauth-protected-resource/mcp"`
    response.writeHead(401, { 'www-authenticate': challenge }).end()
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function html(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { 'content-type': 'text/html', ...headers })
    .end('<!doctype html><title>x</title>')
}

describe('the probe', () => {
  let server: Server
  let handler: Handler
  let asked: { path: string; agent: string; method: string }[]

  beforeAll(async () => {
    server = createServer((request, response) => {
      const { url = '', method = '', headers } = request
      asked.push({ path: url, method, agent: headers['user-agent'] ?? '' })
      handler(request, response)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  /** The name and its TLS are the test's; what is asked and answered is real. */
  async function probe(outside: Handler, access: 'oauth' | 'none' = 'oauth'): Promise<ProbeFinding[]> {
    handler = outside
    asked = []
    const { port } = server.address() as AddressInfo
    const outbound = createOutboundFetch({
      fetch: (url, init) => fetch(String(url).replace(publicUrl, `http://127.0.0.1:${port}`), init),
      allowPrivateAddresses: true,
      deadlineMs: 2_000,
      maximumBytes: 65_536,
    })
    return probePublicUrl({ publicUrl, path: '/mcp', access, localUrl: 'http://127.0.0.1:8787' }, outbound)
  }

  test('asks as Claude asks, and is content with our own answers', async () => {
    expect(await probe(well)).toEqual([
      { verdict: 'good', says: expect.stringMatching(/^Metadata and the MCP endpoint came in/) },
    ])
    expect(asked).toEqual([
      { path: '/.well-known/oauth-protected-resource/mcp', method: 'GET', agent: 'python-httpx/0.28.1' },
      { path: '/.well-known/oauth-authorization-server', method: 'GET', agent: 'python-httpx/0.28.1' },
      { path: '/mcp', method: 'POST', agent: 'Claude-User' },
      { path: '/mcp', method: 'POST', agent: 'python-httpx/0.28.1' },
    ])
  })

  const faults: [string, Handler, RegExp][] = [
    [
      'a redirect to another host',
      (request, response) =>
        response.writeHead(301, { location: `https://www.example.com${request.url}` }).end(),
      /redirects to https:\/\/www\.example\.com\. .*use --public-url https:\/\/www\.example\.com$/,
    ],
    [
      'a redirect to a sign-in of the proxy',
      (_, response) => response.writeHead(302, { location: 'https://sso.example.com/login' }).end(),
      /redirects to https:\/\/sso\.example\.com\/login, which is not Postern/,
    ],
    [
      'a redirect that adds a slash',
      (request, response) =>
        request.method === 'POST'
          ? response.writeHead(308, { location: '/mcp/' }).end()
          : well(request, response),
      /redirects to \/mcp\/: the proxy must pass the path as it is/,
    ],
    [
      'a bot wall that marks its challenge',
      (_, response) => html(response, 403, { 'cf-mitigated': 'challenge' }),
      /a bot wall answered python-httpx\/0\.28\.1 \(403 text\/html, cf-mitigated\)/,
    ],
    [
      'a bot wall that only Claude-User meets',
      (request, response) =>
        request.headers['user-agent'] === 'Claude-User' ? html(response, 403) : well(request, response),
      /a bot wall answered Claude-User \(403 text\/html\)/,
    ],
    [
      'a proxy that passes the MCP path alone',
      (request, response) =>
        request.url === '/mcp' ? well(request, response) : response.writeHead(404).end('not found'),
      /answers 404: the proxy does not pass \/\.well-known to Postern/,
    ],
    [
      'a proxy that does not pass the MCP path',
      (request, response) =>
        request.url === '/mcp' ? response.writeHead(404).end() : well(request, response),
      /the proxy does not pass \/mcp to Postern/,
    ],
    [
      '404 everywhere',
      (_, response) => response.writeHead(404).end(),
      /answers 404 everywhere: .*http:\/\/127\.0\.0\.1:8787$/,
    ],
    [
      'http in the metadata',
      (request, response) =>
        request.url?.startsWith('/.well-known/oauth-protected-resource')
          ? json(response, 200, { resource: 'http://mcp.example.com/mcp' })
          : well(request, response),
      /http in the metadata: .* says resource http:\/\/mcp\.example\.com\/mcp/,
    ],
    [
      'another issuer',
      (request, response) =>
        request.url === '/.well-known/oauth-authorization-server'
          ? json(response, 200, { issuer: 'https://other.example' })
          : well(request, response),
      /another server answers .*its issuer is "https:\/\/other\.example"/,
    ],
    [
      'a web page where JSON is due',
      (request, response) => (request.method === 'GET' ? html(response, 200) : well(request, response)),
      /answers text\/html where JSON is due/,
    ],
    [
      'a proxy that does not reach us',
      (_, response) => response.writeHead(502).end(),
      /answers 502: .*does not reach Postern/,
    ],
    [
      'a proxy that rewrites Host',
      (_, response) => json(response, 421, { error: 'invalid_request' }),
      /under another Host name: let it keep Host: mcp\.example\.com, or .*--trusted-host/,
    ],
    [
      'a proxy that takes the challenge away',
      (request, response) =>
        request.method === 'POST' ? response.writeHead(401).end() : well(request, response),
      /401 without WWW-Authenticate/,
    ],
    [
      'something that answers without a token',
      (request, response) => (request.method === 'POST' ? json(response, 200, {}) : well(request, response)),
      /answers 200 to a request without a token/,
    ],
  ]
  test.each(faults)('%s', async (_, outside, says) => {
    const findings = await probe(outside)
    expect(findings.length).toBeGreaterThan(0)
    for (const { verdict } of findings) expect(verdict).toBe('bad')
    expect(findings[0]?.says).toMatch(says)
  })

  test('a bot wall on the MCP path does not hide one in the metadata', async () => {
    const both: Handler = (request, response) => {
      if (request.url === '/mcp') return html(response, 403)
      if (request.url === '/.well-known/oauth-authorization-server')
        return json(response, 200, { issuer: 'x' })
      well(request, response)
    }
    const findings = await probe(both)
    expect(findings.map(({ says }) => says).join('\n')).toMatch(/another server answers[\s\S]*a bot wall/)
  })

  test('with open access there is no metadata to look for', async () => {
    expect(await probe(well, 'none')).toMatchObject([{ verdict: 'good' }])
    expect(asked.every(({ path }) => path === '/healthz')).toBe(true)
    expect(await probe((_, response) => html(response, 403), 'none')).toMatchObject([
      { verdict: 'bad', says: expect.stringContaining('Claude-User') },
      { verdict: 'bad', says: expect.stringContaining('python-httpx') },
    ])
  })

  test('an answer that never ends is given up', async () => {
    const findings = await probe((_, response) => void response.writeHead(200).write('{'))
    expect(findings).toMatchObject([{ verdict: 'unknown' }])
  })
})

describe('serve --public-url', () => {
  /** A reverse proxy as small as one can be. */
  async function startProxy(
    handle: (path: string) => 'pass' | 'refuse',
    target: () => string,
  ): Promise<number> {
    const proxy = createServer((request, response) => {
      void (async () => {
        if (handle(request.url ?? '') === 'refuse') return response.writeHead(404).end()
        const chunks: Buffer[] = []
        for await (const chunk of request) chunks.push(chunk)
        const { connection: _, 'content-length': __, host: ___, ...headers } = request.headers
        const answer = await fetch(target() + request.url, {
          method: request.method ?? 'GET',
          headers: headers as Record<string, string>,
          redirect: 'manual',
          ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
        })
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
      })().catch(() => response.destroy())
    })
    await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready))
    onTestFinished(() => {
      proxy.closeAllConnections()
      proxy.close()
    })
    return (proxy.address() as AddressInfo).port
  }

  test('says that it works, through a proxy that passes everything', async () => {
    const inner = await findFreePort()
    const port = await startProxy(
      () => 'pass',
      () => `http://127.0.0.1:${inner}`,
    )
    const words = [
      '--port',
      String(inner),
      '--public-url',
      `http://localhost:${port}`,
      '--',
      ...referenceServer,
    ]
    const { child, connectorUrl, setupLink } = await serve(temporaryDirectory(), words)
    expect(connectorUrl).toBe(`http://localhost:${port}/mcp`)
    await child.waitForOutput(new RegExp(`At http://localhost:${port}, Postern answers as it should`))
    expect((await initialize(connectorUrl)).status).toBe(401)
    expect((await makeFirstAccount(setupLink ?? '', account)).status).toBe(303)
  })

  test('says what a proxy does not pass, and serves meanwhile', async () => {
    const inner = await findFreePort()
    const port = await startProxy(
      (path) => (path.startsWith('/.well-known') ? 'refuse' : 'pass'),
      () => `http://127.0.0.1:${inner}`,
    )
    const words = [
      '--port',
      String(inner),
      '--public-url',
      `http://localhost:${port}`,
      '--',
      ...referenceServer,
    ]
    const { child } = await serve(temporaryDirectory(), words)
    await child.waitForOutput(/does not answer as it should\n[\s\S]*\n\n/)
    expect(child.stdout().replaceAll(/\s+/g, ' ')).toMatch(
      /the proxy does not pass \/\.well-known to Postern/,
    )
    expect((await fetch(`http://127.0.0.1:${inner}/healthz`, { headers: { host: 'x' } })).status).toBe(200)
  })

  test('says that nobody answers', async () => {
    const port = await findFreePort()
    const words = ['--port', '0', '--public-url', `http://localhost:${port}`, '--', ...referenceServer]
    const { child } = await serve(temporaryDirectory(), words)
    await child.waitForOutput(/could not be reached from here\n[\s\S]*\n\n/)
    expect(child.stdout()).toContain(`curl -i http://localhost:${port}/healthz`)
  })
})

describe('serve --tunnel', () => {
  /** A stand-in called cloudflared, first on PATH. */
  function standIn(script: string): { PATH: string; home: string } {
    const home = temporaryDirectory()
    const path = join(home, 'cloudflared')
    writeFileSync(
      path,
      `#!/bin/sh\necho "$@" > "${home}/arguments"\nenv > "${home}/environment"\n${script}\n`,
    )
    chmodSync(path, 0o755)
    return { PATH: `${home}:${process.env.PATH}`, home }
  }

  const box = (url: string): string =>
    [
      '2026-11-20T10:00:00Z INF Thank you for trying Cloudflare Tunnel. (https://www.cloudflare.com/website-terms/)',
      '2026-11-20T10:00:00Z INF Requesting new quick Tunnel on trycloudflare.com...',
      '2026-11-20T10:00:02Z INF +--------------------------------------------------------------------+',
      '2026-11-20T10:00:02Z INF |  Your quick Tunnel has been created! Visit it at (it may take some  |',
      `2026-11-20T10:00:02Z INF |  ${url}                          |`,
      '2026-11-20T10:00:02Z INF +--------------------------------------------------------------------+',
    ].join('\n')

  const words = ['--port', '0', '--tunnel', '--', ...referenceServer]

  test('uses the URL that cloudflared is given, says that it is for this run, and stops it at the end', async () => {
    // Nothing listens there: the test asks no host but this one.
    const url = `https://localhost:${await findFreePort()}`
    const { PATH, home } = standIn(
      `cat >&2 <<'END'\n${box(url)}\nEND\necho $$ > "$(dirname "$0")/pid"\nexec sleep 60`,
    )
    const { child, connectorUrl, setupLink } = await serve(temporaryDirectory(), words, {
      env: { PATH, POSTERN_LOGIN: 'ada:secret' },
    })
    expect(connectorUrl).toBe(`${url}/mcp`)
    expect(setupLink).toMatch(new RegExp(`^${url}/setup#`))
    const says = child.stdout().replaceAll(/\s+/g, ' ')
    expect(says).toMatch(/another issuer: each connector has to be removed and added again/)
    expect(says).toMatch(/claude\.ai Customize > Connectors/)
    const target = /--url (\S+)/.exec(readFileSync(join(home, 'arguments'), 'utf8'))?.[1] ?? ''
    const metadata = await fetch(`${target}/.well-known/oauth-authorization-server`, {
      headers: { host: 'x' },
    })
    expect([200, 421]).toContain(metadata.status)
    expect(readFileSync(join(home, 'environment'), 'utf8')).not.toMatch(/^POSTERN_/m)

    const pid = Number(readFileSync(join(home, 'pid'), 'utf8'))
    child.process.kill('SIGTERM')
    expect(await child.exited).toMatchObject({ code: 0 })
    expect(existsSync(`/proc/${pid}`)).toBe(false)
  })

  test('ends with a sentence when the tunnel does', async () => {
    const url = `https://localhost:${await findFreePort()}`
    const { PATH } = standIn(`cat >&2 <<'END'\n${box(url)}\nEND\nsleep 1\nexit 1`)
    const { child } = await serve(temporaryDirectory(), words, { env: { PATH } })
    expect((await child.exited).code).toBe(1)
    expect(child.stderr().replaceAll(/\s+/g, ' ')).toMatch(/the tunnel has ended \(exit code 1\)/)
  })

  test.each([
    [
      'is refused by the service',
      'echo "ERR failed to request quick Tunnel: 429" >&2; exit 1',
      /ended \(exit code 1\).*429/,
    ],
    [
      'finds a config file',
      'echo "ERR cannot use config.yml here" >&2; exit 1',
      /does not work beside a config\.yml/,
    ],
  ])('says what cloudflared printed when it %s', async (_, script, says) => {
    const { PATH } = standIn(script)
    const outcome = await runPostern(['serve', '--data', temporaryDirectory(), ...words], { env: { PATH } })
    expect(outcome.code).toBe(1)
    expect(outcome.stdout).toBe('')
    expect(outcome.stderr.replaceAll(/\s+/g, ' ')).toMatch(says)
  })

  test('says where to get cloudflared when there is none', async () => {
    const env = { PATH: temporaryDirectory() }
    const outcome = await runPostern(['serve', '--data', temporaryDirectory(), ...words], { env })
    expect(outcome.code).toBe(1)
    expect(outcome.stderr.replaceAll(/\s+/g, ' ')).toMatch(
      /cloudflared is not installed.*https:\/\/developers\.cloudflare\.com/,
    )
  })

  test('only the address in the box is that of the tunnel', () => {
    expect(findTunnelUrl(box('https://quiet-otter.trycloudflare.com'))).toBe(
      'https://quiet-otter.trycloudflare.com',
    )
    expect(findTunnelUrl('ERR Post "https://api.trycloudflare.com/tunnel": timeout')).toBeUndefined()
    expect(findTunnelUrl('INF (https://www.cloudflare.com/website-terms/)')).toBeUndefined()
  })
})
