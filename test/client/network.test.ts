// The dialer of this machine: what it makes of real TLS on loopback, and where it does not go because only a stranger named it.

import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { createSystemNetwork } from '../../src/client/network-node.ts'
import { createPlainFetch } from '../../src/client/plain-fetch-node.ts'
import { privateHostsOf } from '../../src/client/private-hosts.ts'
import { claudeHosted } from '../../src/client/surfaces/claude-hosted.ts'
import { doctor } from '../../src/doctor/doctor.ts'
import { createIntermediate, createRoot, type Issued, issueCertificate } from './certificates.ts'

const root = createRoot('Root of the test')
const intermediate = createIntermediate('Intermediate of the test', root)
const patienceSeconds = 2

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

describe('a handshake', () => {
  const mayBePrivate = (): boolean => true
  const hosts = ['localhost']
  const good = issueCertificate({ name: 'localhost', hosts }, intermediate)

  test('with the whole chain up to a trusted root is trusted, and told how long', async () => {
    const facts = await shake(await tlsServer(good, intermediate.pem))
    expect(facts).toEqual({ trusted: true, validUntilAt: expect.any(Number) })
    expect(facts.trusted && facts.validUntilAt).toBeGreaterThan(Date.now() / 1000)
  })

  test.each([
    ['without the intermediate certificate', good, '', 'incomplete-chain'],
    [
      'with a certificate that signed itself',
      issueCertificate({ name: 'localhost', hosts }, 'itself'),
      '',
      'unknown-authority',
    ],
    [
      'with a certificate that is over',
      issueCertificate(
        { name: 'localhost', hosts, validUntil: new Date(Date.now() - 86_400_000) },
        intermediate,
      ),
      intermediate.pem,
      'expired',
    ],
    [
      'with a certificate for another name',
      issueCertificate({ name: 'other.example', hosts: ['other.example'] }, intermediate),
      intermediate.pem,
      'wrong-name',
    ],
  ] as const)('%s is not', async (_, issued, chain, reason) => {
    expect(await shake(await tlsServer(issued, chain))).toMatchObject({ trusted: false, reason })
  })

  test('with the whole chain of an authority that is known only here is not trusted by what Node ships', async () => {
    const port = await tlsServer(good, `${intermediate.pem}${root.pem}`)
    const facts = await createSystemNetwork({ mayBePrivate }).handshake('localhost', port, patienceSeconds)
    expect(facts).toMatchObject({ trusted: false, reason: 'unknown-authority' })
  })

  test('that is cut, that nobody answers, that nobody waits for', async () => {
    const cut = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    expect(await shake(await listening(cut))).toMatchObject({ trusted: false, reason: 'reset' })
    const silent = createServer()
    const facts = await createSystemNetwork({ mayBePrivate }).handshake(
      'localhost',
      await listening(silent),
      0.1,
    )
    expect(facts).toMatchObject({ trusted: false, reason: 'no-answer' })
    const port = await listening(createServer())
    await new Promise((closed) => servers.pop()?.close(closed))
    expect(await shake(port)).toMatchObject({ trusted: false, reason: 'no-answer' })
  })

  function shake(port: number): ReturnType<ReturnType<typeof createSystemNetwork>['handshake']> {
    return createSystemNetwork({ authorities: [root.pem], mayBePrivate }).handshake(
      'localhost',
      port,
      patienceSeconds,
    )
  }
})

describe('[SBP-07] hosts that only metadata names', () => {
  test.each([
    ['https://mcp.example/mcp', 'mcp.example', true],
    ['https://MCP.example/mcp', 'mcp.example', true],
    ['https://mcp.example/mcp', 'auth.mcp.example', false],
    ['https://mcp.example/mcp', 'localhost', false],
    ['https://mcp.example/mcp', '169.254.169.254', false],
    ['https://93.184.216.34/mcp', '10.0.0.1', false],
    ['http://localhost:8787/mcp', '127.0.0.1', true],
    ['http://127.0.0.1:8787/mcp', 'keycloak', true],
    ['https://10.0.0.5/mcp', '10.0.0.6', true],
    ['https://[::1]/mcp', '[fc00::1]', true],
  ])('typed %s, %s may be private: %s', (typed, hostname, may) => {
    expect(privateHostsOf(typed)(hostname)).toBe(may)
    expect(privateHostsOf(typed, true)(hostname)).toBe(true)
  })

  test('a stranger’s metadata sends the doctor to no port of this machine, and the report says so', async () => {
    let visits = 0
    const inner = createHttpServer((_, response) => {
      visits++
      response.end('{"secret":true}')
    })
    inner.on('connection', () => visits++)
    const innerOrigin = `http://127.0.0.1:${await listening(inner)}`
    const stranger = createHttpServer((request, response) => {
      if (request.url?.startsWith('/.well-known/oauth-protected-resource')) {
        response.writeHead(200, { 'Content-Type': 'application/json' })
        response.end(JSON.stringify({ resource: url, authorization_servers: [innerOrigin] }))
        return
      }
      const pointer = `${innerOrigin}/.well-known/oauth-protected-resource`
      const status = request.url === '/mcp' ? 401 : 404
      response.writeHead(status, { 'WWW-Authenticate': `Bearer resource_metadata="${pointer}"` })
      response.end()
    })
    const url = `http://localhost:${await listening(stranger)}/mcp`
    // Loopback stands for the internet: only the typed name may lead there.
    const mayBePrivate = (hostname: string): boolean => hostname === 'localhost'
    const examine = async (may: (hostname: string) => boolean): Promise<string> => {
      const plain = createPlainFetch(may)
      const network = createSystemNetwork({ mayBePrivate: may })
      const options = { url, surface: claudeHosted, fetch: plain.fetch, network, deadlineSeconds: 1 }
      return JSON.stringify(await doctor(options).finally(plain.close))
    }
    const report = await examine(mayBePrivate)
    expect(visits).toBe(0)
    expect(report).toContain('127.0.0.1 is not at a public address')
    // The same without the guard, so that the stranger is known to have tried.
    await examine(() => true)
    expect(visits).toBeGreaterThan(0)
  })

  test('nor does a handshake, by name or by address', async () => {
    const issued = issueCertificate({ name: 'localhost', hosts: ['localhost'] }, intermediate)
    const port = await tlsServer(issued, intermediate.pem)
    let visits = 0
    servers.at(-1)?.on('connection', () => visits++)
    const network = createSystemNetwork({ authorities: [root.pem], mayBePrivate: () => false })
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const facts = await network.handshake(host, port, patienceSeconds)
      expect(facts, host).toMatchObject({ trusted: false, says: expect.stringContaining('public address') })
    }
    expect(visits).toBe(0)
  })
})

function tlsServer({ pem, keyPem }: Issued, chain: string): Promise<number> {
  const server = createTlsServer({ cert: pem + chain, key: keyPem }, (socket) => socket.end())
  server.on('tlsClientError', () => undefined)
  return listening(server)
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  servers.push(server)
  return (server.address() as AddressInfo).port
}
