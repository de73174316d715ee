/** The options that say which clients and addresses are let in, as an operator writes them. */

import { describe, expect, test } from 'vitest'
import { type OptionSources, OptionsError, readOptions } from '../../src/app/options.ts'
import { referenceServer, serve, temporaryDirectory } from './postern-command.ts'

const nothing: OptionSources = { flags: {}, strays: [], command: ['node'], environment: {}, file: undefined }

function problemsOf(flags: Record<string, unknown>): string {
  try {
    readOptions({ ...nothing, flags })
  } catch (error) {
    if (error instanceof OptionsError) return error.message
    throw error
  }
  return ''
}

describe('read', () => {
  test('[EXT-DPOP-01] whether a key has to be proved', () => {
    expect(readOptions(nothing).connectors).toMatchObject([{ proofOfPossession: 'offered' }])
    const required = readOptions({ ...nothing, flags: { proofOfPossession: 'required' } })
    expect(required.connectors).toMatchObject([{ proofOfPossession: 'required' }])
  })

  test('[EXT-EMA-02] whom a company may vouch to, and who need not prove themselves for it', () => {
    const environment = { POSTERN_TRUST_ISSUER: 'https://login.example.com,https://login.example.com' }
    const flags = { unprovenClient: ['claude', 'https://client.example/metadata'] }
    expect(readOptions({ ...nothing, environment, flags })).toMatchObject({
      trustedIssuers: ['https://login.example.com'],
      unprovenClients: [
        'https://claude.ai/oauth/mcp-oauth-client-metadata',
        'https://client.example/metadata',
      ],
    })
  })

  test('nothing given: everybody, no proxy is believed, floods are limited', () => {
    expect(readOptions(nothing)).toMatchObject({
      invitedOnly: false,
      allowedRedirects: undefined,
      allowedClientNames: undefined,
      tokenEndpointAudience: false,
      allowedSources: undefined,
      trustedProxies: [],
      rateLimits: true,
    })
  })

  test('lists from flags and from variables', () => {
    const environment = {
      POSTERN_ALLOW_REDIRECT: 'claude.ai, *.example.com,cursor:,localhost,[::1]',
      POSTERN_ALLOW_SOURCE: 'anthropic,2001:db8::/32',
    }
    const flags = { allowClientName: ['Claude Code*'], trustedProxy: ['127.0.0.1'], rateLimits: false }
    expect(readOptions({ ...nothing, environment, flags })).toMatchObject({
      allowedRedirects: ['claude.ai', '*.example.com', 'cursor:', 'localhost', '[::1]'],
      allowedSources: ['anthropic', '2001:db8::/32'],
      allowedClientNames: ['Claude Code*'],
      trustedProxies: ['127.0.0.1'],
      rateLimits: false,
    })
  })
})

test.each<[Record<string, unknown>, string]>([
  [{ allowRedirect: ['https://claude.ai/'] }, '--allow-redirect'],
  [{ allowRedirect: ['*'] }, '--allow-redirect'],
  [{ allowSource: ['160.79.104.1/21'] }, '--allow-source'],
  [{ allowSource: ['claude'] }, '--allow-source'],
  [{ trustedProxy: ['anthropic'] }, '--trusted-proxy'],
  [{ trustIssuer: ['http://login.example.com'] }, '--trust-issuer'],
  [{ trustIssuer: ['https://me:secret@login.example.com'] }, '--trust-issuer'],
  [{ proofOfPossession: 'always' }, '--proof-of-possession'],
  [{ unprovenClient: ['claude'] }, '--unproven-client: means something only where an issuer is trusted'],
  [{ invitedOnly: true, registration: false }, '--invited-only and --no-registration'],
  [{ tunnel: true, allowSource: ['anthropic'] }, '--trusted-proxy 127.0.0.1'],
])('refused: %j', (flags, says) => {
  expect(problemsOf(flags)).toContain(says)
})

test('[HS-17] a server that was told so answers Claude through its proxy, and nobody beside it', async () => {
  const words = ['--port', '0', '--allow-source', 'anthropic', '--trusted-proxy', '127.0.0.1']
  const door = await serve(temporaryDirectory(), [...words, '--', ...referenceServer])
  const probe = async (headers: Record<string, string>): Promise<number> => {
    const response = await fetch(door.connectorUrl.replace('localhost', '127.0.0.1'), {
      method: 'POST',
      headers,
    })
    await response.body?.cancel()
    return response.status
  }
  expect(await probe({ 'x-forwarded-for': '160.79.104.17' })).toBe(401)
  expect(await probe({ 'x-forwarded-for': '203.0.113.7' })).toBe(403)
  expect(await probe({})).toBe(403)
})

test('[EXT-EMA-01] [EXT-EMA-08] a server that trusts an issuer offers its grant, and does not name it', async () => {
  const words = ['--port', '0', '--trust-issuer', 'https://login.company.example']
  const door = await serve(temporaryDirectory(), [...words, '--', ...referenceServer])
  const url = new URL('/.well-known/oauth-authorization-server', door.connectorUrl)
  const text = await (await fetch(url)).text()
  expect(JSON.parse(text).authorization_grant_profiles_supported).toHaveLength(1)
  expect(text).not.toContain('company')
})
