/** What the console shows of the settings: every one of them, and no secret. */

import { expect, test } from 'vitest'
import { shownSettings } from '../../src/app/cli/shown-settings.ts'
import { optionDefinitions } from '../../src/app/option-definitions.ts'
import { type OptionSources, readOptions } from '../../src/app/options.ts'

const plain: OptionSources = { flags: {}, strays: [], command: ['node'], environment: {}, file: undefined }

function shownOf(sources: Partial<OptionSources>): Record<string, string> {
  const rows = shownSettings(readOptions({ ...plain, ...sources }))
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

test('every option of the door is there, with what it is for', () => {
  const rows = shownSettings(readOptions(plain))
  const ofDoor = optionDefinitions.filter(({ belongsTo, name }) => belongsTo === 'door' && name !== 'config')
  for (const { name, purpose } of ofDoor.filter((one) => one.name !== 'connectors'))
    expect(rows).toContainEqual({ name, value: expect.stringMatching(/./), purpose })
  expect(rows).toHaveLength(ofDoor.length)
  expect(rows[0]).toMatchObject({ name: 'connector mcp-server' })
})

test('of a connector what decides who may do what, of providers their names', () => {
  const content = {
    identity: [
      { kind: 'local', passkeys: true },
      { kind: 'okta', domain: 'example.okta.com', clientId: 'an-id' },
      { kind: 'header', label: 'Example SSO', proxies: ['10.0.0.5'], userHeader: 'Remote-User' },
    ],
    connectors: [
      {
        ...{ name: 'Notes', path: '/notes', upstream: 'https://n.example/mcp', access: 'lazy' },
        ...{ publicTools: ['search'], people: ['ada', 'bob'], proofOfPossession: 'required' },
        ...{
          policy: [{ deny: { tools: 'destructive' } }],
          credential: { kind: 'signed-identity', audience: 'a' },
        },
      },
      { name: 'Of tenants', path: '/t/{tenant}/mcp', tenants: { acme: { upstream: 'https://a.example' } } },
    ],
    defaultConnector: 'Notes',
    internalListen: '10.0.0.5:8788',
    database: 'postgres://db.example/postern',
    console: true,
  }
  expect(shownOf({ command: [], file: { name: 'f', content } })).toMatchObject({
    identity: 'accounts of this server, passkeys, Okta, Example SSO (header), by a header',
    'connector Notes':
      'path /notes, scopes read write, accessTokens opaque, upstream https://n.example, credential signed-identity, access lazy, ' +
      'publicTools search, people ada bob, policy 1 rule, clients any, proofOfPossession required',
    'connector Of tenants': 'path /t/{tenant}/mcp, scopes read write, accessTokens opaque, tenants 1',
    defaultConnector: 'Notes',
    internalListen: '10.0.0.5:8788',
    console: 'true',
    allowRedirect: 'any',
    trustIssuer: 'none',
  })
})

test('[HS-05] no secret is, wherever one was given', () => {
  const secret = 'hunter2-hunter2-hunter2-hunter2-hunter2'
  const environment = {
    POSTERN_MASTER_KEY: 'A'.repeat(43),
    POSTERN_CONSOLE_TOKEN: secret,
    POSTERN_DATABASE: `postgres://postern:${secret}@db.example/postern`,
    SECRET: secret,
  }
  const content = {
    console: true,
    identity: [
      { kind: 'oidc', issuer: 'https://id.example', clientId: 'an-id', clientSecret: 'SECRET' },
      {
        ...{ kind: 'header', proxies: ['127.0.0.1'], userHeader: 'Remote-User' },
        ...{ secretHeader: 'X-Proof', secret: 'SECRET' },
      },
    ],
    connectors: [
      { name: 'A', path: '/a', command: ['node', 'a.js', `--key=${secret}`], env: ['SECRET'] },
      {
        ...{ name: 'B', path: '/b', upstream: `https://u:${secret}@b.example/${secret}?key=${secret}` },
        ...{ credential: { kind: 'static-secret', headers: { Authorization: 'SECRET' } } },
      },
    ],
  }
  const shown = shownOf({ command: [], environment, file: { name: 'f', content } })
  expect(shown).toMatchObject({
    masterKey: 'given',
    consoleToken: 'given',
    database: 'postgres://postern@db.example/postern',
    identity: 'id.example (oidc), Single sign-on (header), by a header',
  })
  expect(JSON.stringify(shown)).not.toContain('hunter2')
  expect(JSON.stringify(shown)).not.toContain('AAAA')
})
