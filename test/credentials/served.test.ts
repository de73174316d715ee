// What the config file says of credentials: what it becomes, what is wrong with it and where, and a command that is called with each person's own.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { OptionsError, readOptions } from '../../src/app/options.ts'
import { account, makeFirstAccount, serve, temporaryDirectory } from '../cli/postern-command.ts'
import { authorizeUrl, callMcp, createBrowser, type OpenDoor, pkce, register, token } from '../door.ts'

function read(
  credential: unknown,
  rest: object = { upstream: 'https://mcp.example.com/mcp' },
  environment = {},
) {
  const file = { name: 'postern.config.ts', content: { ...rest, credential } }
  return readOptions({ flags: {}, strays: [], command: [], environment, file })
}

function problemsOf(...given: Parameters<typeof read>): string[] {
  try {
    read(...given)
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ at, says }) => `${at}: ${says}`)
    throw error
  }
  return []
}

const at = 'postern.config.ts: credential'
const field = { name: 'key', label: 'API key' }

describe('the config file', () => {
  test('names the variable of a secret, which is read here and sent as it is', () => {
    const { connectors } = read(
      { kind: 'static-secret', headers: { Authorization: 'EXAMPLE_AUTH' } },
      undefined,
      { EXAMPLE_AUTH: 'Bearer k-1' },
    )
    expect(connectors).toMatchObject([
      { upstream: { credential: { kind: 'fixed', headers: { Authorization: 'Bearer k-1' } } } },
    ])
  })

  test('of a key that people give it says all that the library can be told', () => {
    const { connectors } = read({
      kind: 'user-supplied',
      title: 'Your key',
      fields: [{ ...field, hint: 'It begins with k-.', pattern: 'k-.+' }],
      headers: { Authorization: 'Bearer {key}' },
      check: { url: 'https://api.example.com/me', accountName: 'email' },
    })
    expect(connectors).toMatchObject([
      { upstream: { credential: { kind: 'supplied', title: 'Your key', fields: [{ name: 'key' }] } } },
    ])
  })

  test('of an account elsewhere too, with the secret of Postern itself from a variable', () => {
    const account = {
      kind: 'upstream-oauth',
      provider: 'Example',
      issuer: 'https://login.example.com',
      clientId: 'postern',
      clientSecret: 'EXAMPLE_SECRET',
    }
    const { connectors } = read(account, undefined, { EXAMPLE_SECRET: 's' })
    expect(connectors).toMatchObject([{ upstream: { credential: { kind: 'account', provider: 'Example' } } }])
    expect(problemsOf(account)).toEqual([
      `${at}: clientSecret names EXAMPLE_SECRET, which is not set in this environment`,
    ])
  })

  test.each<[string, unknown, object, string]>([
    ['a kind that is none', { kind: 'magic' }, {}, `${at}.kind`],
    ['no kind', {}, {}, `${at}: {} is not an object with a kind`],
    [
      'a secret instead of its variable',
      { kind: 'static-secret', headers: { Authorization: 'Bearer k-1' } },
      {},
      `${at}.headers.Authorization: must be the name of an environment variable`,
    ],
    [
      'a variable that is not set',
      { kind: 'static-secret', headers: { Authorization: 'AUTH' } },
      {},
      `${at}: Authorization names AUTH, which is not set`,
    ],
    ['a word that it does not know', { kind: 'user-supplied', fields: [field], header: {} }, {}, 'header'],
    [
      'a pattern that is none',
      { kind: 'user-supplied', fields: [{ ...field, pattern: '(' }], headers: { A: '{key}' } },
      {},
      `${at}.fields.0.pattern: is no regular expression`,
    ],
    [
      'an address without a pattern',
      { kind: 'user-supplied', fields: [{ name: 'a', label: 'A', type: 'url' }], url: '{a}' },
      {},
      `${at}: the address in a needs a pattern`,
    ],
    [
      'a header for a command',
      { kind: 'user-supplied', fields: [field], headers: { A: '{key}' } },
      { command: ['node', 'x.js'], upstream: undefined },
      `${at}: a command takes what people give as environment`,
    ],
    [
      'an account elsewhere for a command',
      { kind: 'upstream-oauth', provider: 'Example', issuer: 'https://a.example', clientId: 'p' },
      { command: ['node', 'x.js'], upstream: undefined },
      `${at}: upstream-oauth goes into a header`,
    ],
    [
      'a variable for a URL',
      { kind: 'user-supplied', fields: [field], environment: { KEY: '{key}' } },
      {},
      `${at}: environment is for a command`,
    ],
  ])('%s is told with its place', (_, credential, rest, says) => {
    const problems = problemsOf(credential, { upstream: 'https://mcp.example.com/mcp', ...rest })
    expect(problems.join('\n')).toContain(says)
    expect(problems).toHaveLength(1)
  })
})

test('a command gets what each person typed as a variable of a process of their own', async () => {
  const directory = temporaryDirectory()
  const config = join(directory, 'postern.config.json')
  writeFileSync(
    config,
    JSON.stringify({
      command: ['node', join(import.meta.dirname, 'key-command.ts')],
      credential: {
        kind: 'user-supplied',
        fields: [field, { name: 'region', label: 'Region', type: 'text', required: false }],
        environment: { EXAMPLE_KEY: '{key}', EXAMPLE_REGION: '{region}' },
      },
    }),
  )
  const { origin, connectorUrl, setupLink } = await serve(directory, ['--config', config, '--port', '0'])
  await makeFirstAccount(setupLink ?? '', account)
  const send: OpenDoor['fetch'] = (path, init = {}) =>
    fetch(new URL(path, origin), { redirect: 'manual', ...init })
  const door: OpenDoor = {
    origin,
    mcpUrl: connectorUrl,
    fetch: send,
    browser: () => createBrowser(origin, send),
  }

  const connected = async (typed: Record<string, string>): Promise<string> => {
    const clientId = String((await register(door)).client_id)
    const { verifier, challenge } = pkce()
    const browser = door.browser()
    const signIn = await browser.get('/login')
    const csrf = /name="csrf" value="([^"]+)"/.exec(await signIn.text())?.[1] ?? ''
    await browser.post('/login', new URLSearchParams(Object.entries({ csrf, ...account })))
    const redirect = await browser.approve(authorizeUrl(door, clientId, challenge), (form) => {
      for (const [name, value] of Object.entries(typed)) form.set(`credential_field_${name}`, value)
    })
    const answer = await token(door, {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      client_id: clientId,
      code_verifier: verifier,
      redirect_uri: 'https://claude.ai/api/mcp/auth_callback',
      resource: door.mcpUrl,
    })
    return String(answer.body.access_token)
  }
  const said = async (accessToken: string): Promise<string> =>
    (await callMcp(door, accessToken, { id: 1, method: 'tools/call', params: { name: 'whoami' } })).text()

  const first = await connected({ key: 'k-1', region: 'eu' })
  expect(await said(first)).toContain('k-1, eu')
  // Another key, without a region: another process, from the same moment on for the first client too.
  const second = await connected({ key: 'k-2' })
  expect(await said(second)).toContain('k-2, nowhere')
  expect(await said(first)).toContain('k-2, nowhere')
})
