/** Ways in and several connectors, from the command line and from a config file: what is served, and every problem with its place. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type OptionSources, OptionsError, readOptions } from '../../src/app/options.ts'
import { findBearerChallenge } from '../../src/oauth/www-authenticate.ts'
import {
  initialize,
  type OpenDoor,
  referenceServer,
  runPostern,
  serve,
  temporaryDirectory,
} from './postern-command.ts'

const nothing: OptionSources = { flags: {}, strays: [], command: [], environment: {}, file: undefined }
const server = ['node', 'server.js']

function inFile(content: unknown): OptionSources {
  return { ...nothing, file: { name: 'postern.config.ts', content } }
}

function problemsOf(sources: OptionSources): string[] {
  try {
    readOptions(sources)
  } catch (error) {
    if (error instanceof OptionsError) return error.problems.map(({ at, says }) => `${at}: ${says}`)
    throw error
  }
  return []
}

describe('ways in of one connector', () => {
  test('from flags, environment and file, under the names that the library uses', () => {
    const flags = {
      access: 'lazy',
      publicTool: ['search', 'read'],
      hiddenTool: ['erase'],
      signInForm: 'http',
    }
    const wanted = {
      kind: 'one',
      access: 'lazy',
      publicTools: ['search', 'read'],
      hiddenTools: ['erase'],
      signInForm: 'http',
    }
    expect(readOptions({ ...nothing, command: server, flags }).connectors).toMatchObject([wanted])
    const environment = {
      POSTERN_ACCESS: 'lazy',
      POSTERN_PUBLIC_TOOLS: 'search, read',
      POSTERN_HIDDEN_TOOLS: 'erase',
      POSTERN_SIGN_IN_FORM: 'http',
    }
    expect(readOptions({ ...nothing, command: server, environment }).connectors).toMatchObject([wanted])
    const { kind: _, ...content } = wanted
    expect(readOptions(inFile({ command: server, ...content })).connectors).toMatchObject([wanted])
  })

  test('read-only stands for all tools that only read', () => {
    for (const sources of [
      { ...nothing, command: server, flags: { access: 'lazy', publicTool: ['read-only'] } },
      inFile({ command: server, access: 'lazy', publicTools: 'read-only' }),
    ]) {
      expect(readOptions(sources).connectors).toMatchObject([{ publicTools: 'read-only' }])
    }
  })

  test.each<[string, Record<string, unknown>, string]>([
    [
      'public tools where all sign in',
      { publicTool: ['a'] },
      '--public-tool: means something only where access is lazy',
    ],
    [
      'a form where nobody signs in',
      { access: 'none', signInForm: 'http' },
      '--sign-in-form: means something only',
    ],
    [
      'a tool both public and hidden',
      { access: 'lazy', publicTool: ['a'], hiddenTool: ['a'] },
      '--hidden-tool: "a" is a public',
    ],
    [
      'read-only beside a name',
      { access: 'lazy', publicTool: ['read-only', 'a'] },
      '--public-tool: ["read-only","a"] is not',
    ],
    ['a way in that is none', { access: 'open' }, '--access: "open" is not oauth, lazy or none'],
    ['a choice among one', {}, 'defaultConnector: chooses among connectors'],
  ])('%s is told', (_, flags, says) => {
    const file = Object.keys(flags).length === 0 ? inFile({ defaultConnector: 'A' }).file : undefined
    const problems = problemsOf({ ...nothing, command: server, flags, file })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(says)
  })
})

describe('several connectors', () => {
  const notes = { name: 'Notes', path: '/notes', command: server }
  const weather = { name: 'Weather', path: '/weather', upstream: 'http://127.0.0.1:1/mcp', access: 'none' }
  const docs = { name: 'Docs of', path: '/t/{tenant}/mcp', tenants: { acme: { command: server } } }

  test('each with its own, the form of tokens once for all', () => {
    const scopes = [{ name: 'use', label: 'Use it', explanation: '', optional: false }]
    const policy = [{ groups: ['member'], deny: { tools: 'destructive', methods: ['completion/*'] } }]
    const { connectors, defaultConnector } = readOptions(
      inFile({
        connectors: [{ ...notes, scopes, policy }, { ...weather, accessTokens: 'opaque' }, docs],
        accessTokens: 'jwt',
        defaultConnector: 'Notes',
      }),
    )
    expect(defaultConnector).toBe('Notes')
    expect(connectors).toMatchObject([
      { kind: 'one', name: 'Notes', path: '/notes', access: 'oauth', scopes, policy, accessTokens: 'jwt' },
      {
        kind: 'one',
        upstream: { kind: 'url', url: weather.upstream },
        access: 'none',
        accessTokens: 'opaque',
      },
      { kind: 'tenants', name: 'Docs of', path: '/t/{tenant}/mcp', accessTokens: 'jwt' },
    ])
  })

  test('what the environment holds is handed on to the connector that names it', () => {
    const environment = { A: 'for notes', B: 'for docs' }
    const sources = inFile({
      connectors: [
        { ...notes, env: ['A'] },
        { ...docs, tenants: { acme: { command: server, env: ['B'] } } },
      ],
    })
    const [one, template] = readOptions({ ...sources, environment }).connectors
    expect(one).toMatchObject({ upstream: { environment: { A: 'for notes' } } })
    expect(template?.kind === 'tenants' && template.known?.get('acme')?.upstream).toMatchObject({
      environment: { B: 'for docs' },
    })
  })

  test('a command on the command line stands instead of those in the file', () => {
    const sources = { ...inFile({ connectors: [notes, weather] }), command: ['node', 'other.js'] }
    expect(readOptions(sources).connectors).toMatchObject([{ kind: 'one', upstream: { args: ['other.js'] } }])
  })

  test('every problem is told at once, with the file and the key', () => {
    const sources = inFile({
      name: 'Beside',
      command: undefined,
      connectors: [
        { ...notes, acces: 'lazy', publicUrl: 'https://a.example' },
        { name: 'notes', path: '/Notes', upstream: 'http://127.0.0.1:1', publicTools: ['a'] },
        { path: 'mcp' },
        'weather',
        { ...notes, name: 'Oauth', path: '/oauth/x' },
        { ...docs, access: 'lazy', tenants: { 'a/b': { command: server }, c: { path: '/x' }, d: 7 } },
        { ...docs, path: undefined, tenants: [] },
        { name: 'Late', path: '/t/{tenant}/late', tenants: {}, scopes: [{ name: 'a b' }] },
        { ...notes, name: 'Ruled', path: '/ruled', policy: [{ groups: ['member'] }] },
      ],
    })
    expect(problemsOf({ ...sources, environment: { POSTERN_ACCESS: 'none' } }).sort()).toEqual(
      [
        'POSTERN_ACCESS: belongs to one MCP server; put it into that element of connectors',
        'postern.config.ts: name: belongs to one MCP server; put it into that element of connectors',
        'postern.config.ts: connectors[0].acces: is not an option; did you mean access?',
        'postern.config.ts: connectors[0].publicUrl: is an option of the whole door, so it belongs beside connectors',
        'postern.config.ts: connectors[1].path: /Notes cannot be told apart from /notes of "Notes"',
        'postern.config.ts: connectors[1].name: "notes" is the name of another one too',
        'postern.config.ts: connectors[1].publicTools: means something only where access is lazy',
        'postern.config.ts: connectors[2]: has no MCP server; give it a command or an upstream',
        'postern.config.ts: connectors[2].name: is missing: people are asked to allow each connector by its name',
        'postern.config.ts: connectors[2].path: "mcp" is not a path such as /mcp, without a trailing slash, and not one of Postern itself such as /oauth, /login or /account',
        'postern.config.ts: connectors[3]: must be an object with a name, a path and an MCP server',
        'postern.config.ts: connectors[4].path: "/oauth/x" is not a path such as /mcp, without a trailing slash, and not one of Postern itself such as /oauth, /login or /account',
        'postern.config.ts: connectors[5].access: differs between tenants, so it belongs into each of them',
        'postern.config.ts: connectors[5].tenants.a/b: cannot stand in a path: letters and digits, - . _ ~ between them, 64 at most',
        'postern.config.ts: connectors[5].tenants.c: has no MCP server; give it a command or an upstream',
        'postern.config.ts: connectors[5].tenants.c.path: is the same for all tenants, so it belongs beside tenants',
        'postern.config.ts: connectors[5].tenants.d: must be an object with an MCP server',
        'postern.config.ts: connectors[6].path: is missing: for tenants it looks like /t/{tenant}/mcp',
        'postern.config.ts: connectors[6].tenants: [] is not an object of tenants by name, or a function from a name to a tenant',
        'postern.config.ts: connectors[7].scopes: [{"name":"a b"}] is not a list of { name, label, explanation, optional }, one of them not optional',
        'postern.config.ts: connectors[8].policy: [{"groups":["member"]}] is not a list of { scopes, groups, allow, deny }; allow and deny hold { tools, prompts, resources, methods }, each a list of names in which * stands for anything; tools may be read-only, destructive or not-destructive instead',
      ].sort(),
    )
  })

  test.each<[string, unknown, RegExp]>([
    ['none', { connectors: [] }, /connectors: \[\] is not a list/],
    ['no list', { connectors: notes }, /connectors: .* is not a list/],
    [
      'two MCP servers',
      { connectors: [{ ...notes, upstream: 'http://127.0.0.1:1' }] },
      /\[0\].command and .*\[0\].upstream: name one/,
    ],
    [
      'a default that is none',
      { connectors: [notes], defaultConnector: 'Other' },
      /defaultConnector: "Other" names no/,
    ],
    [
      'a default without sign-in',
      { connectors: [weather], defaultConnector: 'Weather' },
      /where nobody signs in/,
    ],
    [
      'tenants in a path without a place',
      { connectors: [{ ...docs, path: '/t/mcp' }] },
      /\[0\].path: "\/t\/mcp" must look like/,
    ],
    [
      'tenants beside connectors',
      { command: server, tenants: {} },
      /tenants: belongs into one of the connectors/,
    ],
  ])('%s is told', (_, content, says) => {
    const problems = problemsOf(inFile(content))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(says)
  })

  test('a function is asked for each tenant, and what it says is judged when it says it', async () => {
    const tenants = async (tenant: string): Promise<unknown> =>
      ({
        acme: { upstream: 'http://127.0.0.1:1/mcp', people: ['ada'] },
        odd: { upstream: 'ftp://x', acces: 1 },
      })[tenant]
    const [template] = readOptions(inFile({ connectors: [{ ...docs, tenants }] })).connectors
    if (template?.kind !== 'tenants') throw new Error('no tenants')
    expect(await template.find('acme')).toMatchObject({ upstream: { kind: 'url' }, people: ['ada'] })
    expect(await template.find('other')).toBeUndefined()
    await expect(template.find('odd')).rejects.toThrow(
      /tenants\("odd"\)\.acces: .*did you mean access.*upstream: "ftp:\/\/x"/,
    )
  })
})

describe('through the program', () => {
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  const echo = {
    jsonrpc: '2.0',
    id: 2,
    method: 'tools/call',
    params: { name: 'echo', arguments: { message: 'hi' } },
  }
  const post = (url: string, message: object): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify(message),
    })

  test('[HS-06] --access lazy: public tools pass, others are 401, and the banner says so', async () => {
    const flags = ['--access', 'lazy', '--public-tool', 'echo', '--hidden-tool', 'get-env']
    const { child, connectorUrl } = await serve(temporaryDirectory(), [
      '--port',
      '0',
      ...flags,
      '--',
      ...referenceServer,
    ])
    const banner = child.stdout().replaceAll(/\s+/g, ' ')
    expect(banner).toContain(
      'Open in part Without signing in, everybody lists what there is, and calls echo.',
    )
    expect(banner).toContain(`${connectorUrl}?auth=eager`)
    expect(banner).toContain('First make your account')
    expect((await initialize(connectorUrl)).status).toBe(200)
    const listed = await (await post(connectorUrl, list)).text()
    expect(listed).toContain('get-sum')
    expect(listed).not.toContain('get-env')
    expect(await (await post(connectorUrl, echo)).text()).toContain('Echo: hi')
    const sum = { ...echo, params: { name: 'get-sum', arguments: { a: 1, b: 2 } } }
    const refused = await post(connectorUrl, sum)
    expect(refused.status).toBe(401)
    expect(findBearerChallenge(refused.headers.get('www-authenticate'))?.resourceMetadata).toContain('/mcp')
    expect((await post(`${connectorUrl}?auth=eager`, list)).status).toBe(401)
  })

  test('[ASU-04] [HS-08] connectors and tenants of a .ts file, each at its URL and by its name', async () => {
    const home = temporaryDirectory()
    const command = JSON.stringify(referenceServer)
    writeFileSync(join(home, 'notes.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    writeFileSync(
      join(home, 'postern.config.ts'),
      `const command: string[] = ${command}
export default {
  port: 0,
  connectors: [
    { name: 'Notes', path: '/notes', command, icon: 'notes.svg' },
    { name: 'Open', path: '/open', command, access: 'none' },
    { name: 'Docs of', path: '/t/{tenant}/mcp', tenants: { acme: { command }, globex: { command, access: 'none' } } },
    { name: 'Made for', path: '/m/{tenant}', tenants: (tenant: string) => tenant === 'initech' ? { command, name: 'Initech' } : undefined },
  ],
}
`,
    )
    const door: OpenDoor = await serve(join(home, 'data'), [], { cwd: home })
    const banner = door.child.stdout()
    for (const line of [
      `Connector    ${door.origin}/notes (Notes)`,
      `Connector    ${door.origin}/t/{tenant}/mcp (Docs of)`,
      'Tenants      acme, globex',
      'Tenants      those that the config file knows',
      `claude mcp add --transport http Open ${door.origin}/open`,
      'Nobody has to sign in at Open',
    ]) {
      expect(banner).toContain(line)
    }
    await door.child.waitForOutput(/The MCP server of Open answers/)
    const statusOf = async (path: string): Promise<number> => (await initialize(door.origin + path)).status
    expect(await statusOf('/notes')).toBe(401)
    expect(await statusOf('/open')).toBe(200)
    expect(await statusOf('/t/acme/mcp')).toBe(401)
    expect(await statusOf('/t/globex/mcp')).toBe(200)
    expect(await statusOf('/t/other/mcp')).toBe(404)
    expect(await statusOf('/m/initech')).toBe(401)
    expect(await statusOf('/m/other')).toBe(404)
    const named = await fetch(`${door.origin}/.well-known/oauth-protected-resource/m/initech`)
    expect(await named.json()).toMatchObject({
      resource: `${door.origin}/m/initech`,
      resource_name: 'Initech',
    })
    expect((await fetch(`${door.origin}/.well-known/oauth-protected-resource`)).status).toBe(404)
    const page = await fetch(door.origin, { headers: { accept: 'text/html' } })
    const html = await page.text()
    expect(html).toContain('src="data:image/svg+xml;base64,')
    expect(html).toContain('/notes')
    expect(html).not.toContain('acme')
  })

  test('files and directories that are not there are told together, before anything is opened', async () => {
    const home = temporaryDirectory()
    const connectors = [
      { name: 'Notes', path: '/notes', command: ['node'], cwd: 'nowhere', icon: 'gone.png' },
      { name: 'Docs', path: '/t/{tenant}/mcp', tenants: { acme: { command: ['node'], cwd: 'neither' } } },
    ]
    writeFileSync(join(home, 'several.json'), JSON.stringify({ connectors }))
    const { code, stderr } = await runPostern(['serve', '--config', 'several.json'], { cwd: home })
    expect(code).toBe(2)
    const told = stderr.replaceAll(/\s+/g, ' ')
    expect(told).toContain('there are 3 problems')
    for (const part of [
      'nowhere is not a directory',
      'there is no file gone.png',
      'neither is not a directory',
    ])
      expect(told).toContain(part)
  })
})
