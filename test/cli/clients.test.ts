/** `postern clients`: what is entered by hand for each product, and invitations, as a server then takes them. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clientPresets } from '../../src/app/cli/client-presets.ts'
import { claudeCallbacks, claudeCodeCallbacks } from '../../src/oauth/claude.ts'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import type { ClientRecord } from '../../src/storage/storage.ts'
import { signingKey } from '../signing-key.ts'
import { type Outcome, referenceServer, runPostern, serve, temporaryDirectory } from './postern-command.ts'

const run = (data: string, ...words: string[]): Promise<Outcome> => runPostern([...words, '--data', data])

async function storedClient(data: string, clientId: string): Promise<ClientRecord | undefined> {
  const storage = sqliteStorage({ path: join(data, 'postern.db') })
  try {
    return await storage.findClient(clientId)
  } finally {
    await storage.close()
  }
}

describe('presets', () => {
  test('each has what a client needs, and says where that is known from', () => {
    expect(clientPresets.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['typed', 'custom-connection', 'anthropic-held', 'claude-code', 'chatgpt']),
    )
    for (const { name, redirectUris, source, handOver } of clientPresets) {
      expect(redirectUris.length, name).toBeGreaterThan(0)
      expect(source, name).toMatch(/20\d\d-\d\d|#\d+/)
      for (const clientSecret of [undefined, 'pst_cs_shown']) {
        const lines = handOver({ clientId: 'the-id', clientSecret })
        expect(lines.length, name).toBeGreaterThan(0)
        expect(lines.join('\n'), 'the secret is printed once, above').not.toContain('pst_cs_shown')
      }
    }
  })

  test('typed: both callbacks of Claude, no secret, and where to paste the id', async () => {
    const data = temporaryDirectory()
    const { code, stdout } = await run(data, 'clients', 'create', '--preset', 'typed')
    expect(code).toBe(0)
    const clientId = /Client ID +(\S+)/.exec(stdout)?.[1] ?? ''
    expect(stdout).not.toContain('Client secret')
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/Advanced settings.*leave the secret empty/)
    const client = await storedClient(data, clientId)
    expect(client?.metadata.clientName).toBe('Claude')
    expect(client?.metadata.redirectUris).toEqual(claudeCallbacks)
    expect(client?.secretHash).toBeUndefined()
  })

  test('[HS-08] one for a tenant says where it works, and the list says it again', async () => {
    const data = temporaryDirectory()
    const url = 'https://mcp.example.com/t/acme/mcp'
    const { stdout } = await run(
      data,
      'clients',
      'create',
      '--preset',
      'custom-connection',
      '--connector',
      url,
    )
    expect(stdout).toContain(`Works at       ${url}, and nowhere else`)
    const clientId = /Client ID +(\S+)/.exec(stdout)?.[1] ?? ''
    expect(await storedClient(data, clientId)).toMatchObject({ kind: 'pre-registered', resource: url })
    expect((await run(data, 'clients', 'list')).stdout).toMatch(/ hand for \/t\/acme\/mcp /)
  })

  test('anthropic-held: always with a secret, for Anthropic, and not for Claude Code', async () => {
    const data = temporaryDirectory()
    const { stdout } = await run(data, 'clients', 'create', '--preset', 'anthropic-held')
    const secret = /Client secret +(\S+)/.exec(stdout)?.[1] ?? ''
    expect(secret).toMatch(/^pst_cs_/)
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /To Anthropic.*client_secret_post.*Claude Code does not use it/,
    )
    expect(readFileSync(join(data, 'postern.db')).includes(secret)).toBe(false)
  })

  test('claude-code: loopback by both names, and the line to run', async () => {
    const data = temporaryDirectory()
    const { stdout } = await run(data, 'clients', 'create', '--preset', 'claude-code')
    const clientId = /Client ID +(\S+)/.exec(stdout)?.[1] ?? ''
    expect(stdout).toContain(`claude mcp add --transport http --client-id ${clientId} NAME URL`)
    expect((await storedClient(data, clientId))?.metadata.redirectUris).toEqual(claudeCodeCallbacks)
  })

  test('name and redirects of your own outweigh those of a preset', async () => {
    const data = temporaryDirectory()
    const own = 'https://chatgpt.com/connector/oauth/abc'
    const words = ['--preset', 'chatgpt', '--name', 'Ours', '--redirect-uri', own, '--json']
    const { stdout } = await run(data, 'clients', 'create', ...words)
    expect(JSON.parse(stdout)).toMatchObject({ name: 'Ours', redirectUris: [own], method: 'none' })
  })

  test.each([
    [['--preset', 'clade-code'], 'did you mean claude-code?'],
    [['--preset', 'nothing'], 'known are typed'],
    [['--preset', 'inspector', '--confidential'], 'takes no client secret'],
    [[], '--name'],
    [['--name', 'A', '--jwks', '/nowhere'], 'cannot be read'],
    [['--name', 'A', '--jwks-uri', 'http://a.example/jwks'], 'https'],
    [['--name', 'A', '--jwks-uri', 'https://a.example/jwks', '--confidential'], 'has no secret'],
  ])('refused: %s', async (words, says) => {
    const { code, stderr } = await run(temporaryDirectory(), 'clients', 'create', ...words)
    expect(code).toBe(2)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(says)
  })
})

describe('keys', () => {
  test('a file with one public key or with a set of them; a private one is refused', async () => {
    const data = temporaryDirectory()
    const { jwk, privateJwk } = await signingKey()
    const create = async (content: unknown): Promise<Outcome> => {
      const file = join(data, 'keys.json')
      writeFileSync(file, JSON.stringify(content))
      return run(data, 'clients', 'create', '--name', 'Signs', '--jwks', file, '--json')
    }
    for (const content of [jwk, { keys: [jwk] }]) {
      const made = JSON.parse((await create(content)).stdout)
      expect(made).toMatchObject({ method: 'private_key_jwt' })
      expect(made).not.toHaveProperty('clientSecret')
      expect((await storedClient(data, made.clientId))?.metadata.jwks).toEqual({ keys: [jwk] })
    }
    const refused = await create({ keys: [privateJwk] })
    expect(refused.code).toBe(2)
    expect(refused.stderr.replaceAll(/\s+/g, ' ')).toContain('private')
    expect(refused.stderr).not.toContain(privateJwk.d)
  })
})

describe('resource servers', () => {
  test('one is entered with an id and a secret, for one connector alone', async () => {
    const data = temporaryDirectory()
    const url = 'https://mcp.example.com/mcp'
    const { stdout } = await run(data, 'clients', 'create', '--name', 'Billing', '--resource-server', url)
    const id = /resource-server-\S+/.exec(stdout)?.[0] ?? ''
    const secret = /pst_rs_\S+/.exec(stdout)?.[0] ?? ''
    expect(stdout).toContain('/oauth/introspect')
    expect(await storedClient(data, id)).toMatchObject({ kind: 'resource-server', resource: url })
    expect(readFileSync(join(data, 'postern.db')).includes(secret)).toBe(false)
    expect((await run(data, 'clients', 'list')).stdout).toMatch(new RegExp(`${id} +Billing`))
    expect((await run(data, 'clients', 'remove', id)).code).toBe(0)
  })

  test.each([
    [['--resource-server', 'mcp'], 'not the URL of a connector'],
    [['--preset', 'typed', '--connector', '/t/acme/mcp'], 'not the URL of a connector'],
    [['--resource-server', 'https://a.example/mcp', '--preset', 'typed'], 'nothing of a client'],
  ])('refused: %s', async (words, says) => {
    const { code, stderr } = await run(temporaryDirectory(), 'clients', 'create', ...words)
    expect(code).toBe(2)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(says)
  })
})

describe('invitations', () => {
  test('one is made, used by a client at a server that runs, listed, and taken back', async () => {
    const data = temporaryDirectory()
    const door = await serve(data, ['--port', '0', '--invited-only', '--', ...referenceServer])
    const register = async (token?: string): Promise<number> => {
      const response = await fetch(`${door.origin}/oauth/register`, {
        method: 'POST',
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        body: JSON.stringify({ redirect_uris: ['https://app.example/cb'] }),
      })
      return response.status
    }
    expect(await register()).toBe(401)
    const { stdout } = await run(data, 'clients', 'invite', '--uses', '2', '--note', 'billing')
    const token = /pst_ia_\S+/.exec(stdout)?.[0] ?? ''
    expect(await register(token)).toBe(201)
    expect(readFileSync(join(data, 'postern.db')).includes(token)).toBe(false)
    const listed = await run(data, 'clients', 'invitations')
    expect(listed.stdout).toMatch(/billing +1 +just now/)
    expect(listed.stdout).not.toContain(token)
    const id = /invitation-\S+/.exec(listed.stdout)?.[0] ?? ''
    expect((await run(data, 'clients', 'uninvite', id)).code).toBe(0)
    expect(await register(token)).toBe(401)
    expect((await run(data, 'clients', 'uninvite', id)).code).toBe(1)
    expect((await run(data, 'clients', 'invitations')).stdout).toBe('There is no invitation.\n')
  })

  test.each([['0'], ['1.5'], ['many'], ['99999999']])('not %s times', async (uses) => {
    const { code, stderr } = await run(temporaryDirectory(), 'clients', 'invite', '--uses', uses)
    expect(code).toBe(2)
    expect(stderr).toContain('whole number')
  })
})
