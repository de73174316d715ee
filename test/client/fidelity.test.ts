// Real clients from npm, recorded afresh: against the sequences of November 2026, and the inspector profile against the Inspector itself.

import { expect, test } from 'vitest'
import { inspector } from '../../src/client/surfaces/index.ts'
import type { ClientRun, ClientTask } from '../interop/clients/client-run.ts'
import { runInspectorCli } from '../interop/clients/inspector-cli.ts'
import { runMcpRemote } from '../interop/clients/mcp-remote.ts'
import { runSdkV1 } from '../interop/clients/sdk-v1.ts'
import { runSdkV2 } from '../interop/clients/sdk-v2.ts'
import { isWhole } from '../whole.ts'
import { household } from './connection.ts'
import { type Seen, startScriptedServer } from './scripted-server.ts'

/** Programs of their own, on a machine that others use too. */
const patienceMs = 90_000

const discovery = [
  'GET /.well-known/oauth-protected-resource/mcp',
  'GET /.well-known/oauth-authorization-server',
]
const signIn = [...discovery, 'POST /reg', 'GET /auth', 'POST /token']
const session = ['POST /mcp initialize', 'POST /mcp notifications/initialized', 'GET /mcp']

/** Recorded in November 2026, less the refresh, which has tests of its own. */
const recorded: readonly (readonly [string, (task: ClientTask) => Promise<ClientRun>, readonly string[]])[] =
  [
    [
      'SDK v1',
      runSdkV1,
      [
        'POST /mcp initialize',
        ...discovery,
        'POST /reg',
        'GET /auth',
        // Once more here: the program of this test finishes the sign-in in a second transport, which starts from nothing.
        ...discovery,
        'POST /token',
        ...session,
        'POST /mcp tools/list',
        'POST /mcp tools/call',
        'DELETE /mcp',
      ],
    ],
    [
      'SDK v2',
      runSdkV2,
      [
        'POST /mcp initialize',
        ...signIn,
        ...session,
        'POST /mcp tools/list',
        'POST /mcp tools/call',
        'DELETE /mcp',
      ],
    ],
    [
      'Inspector CLI',
      runInspectorCli,
      [
        'POST /mcp initialize',
        ...signIn,
        ...session,
        ...[...session, 'POST /mcp tools/list'],
        ...[...session, 'POST /mcp tools/list', 'POST /mcp tools/call'],
      ],
    ],
    [
      'mcp-remote',
      runMcpRemote,
      [
        'GET /mcp',
        ...discovery,
        'GET /mcp',
        'POST /mcp initialize',
        ...signIn,
        ...session,
        ...session,
        'POST /mcp tools/list',
        'POST /mcp tools/call',
      ],
    ],
  ]

/** Those that are programs of their own take seconds; the default run compares one of them below. */
test.each(isWhole ? recorded : recorded.slice(0, 2))(
  '%s sends today what was recorded',
  async (_, run, sequence) => {
    const server = await startScriptedServer({ metadataDocuments: false })
    try {
      await run(taskAt(server.url))
      expect(inOrder(server.seen).map(lineOf)).toEqual(sequence)
    } finally {
      await server.close()
    }
  },
  patienceMs,
)

test(
  'the inspector profile is the Inspector, but for what is listed here',
  async () => {
    const [real, profile] = [await recordInspector(), await recordProfile()]
    expect(profile.map(lineOf)).toEqual(real.map(lineOf))
    const differences = new Set(real.flatMap((seen, index) => differencesOf(seen, profile[index])))
    expect([...differences].sort()).toEqual([
      // A profile has one Accept for all metadata; the SDK names none for the resource's.
      'GET /.well-known/oauth-protected-resource/mcp: accept',
      // It sends no params where the profile sends empty ones; JSON-RPC 2.0 §4.2 allows both.
      'POST /mcp tools/list: params',
      // The SDK names none; the answer is JSON either way.
      'POST /reg: accept',
    ])
  },
  patienceMs,
)

test('the inspector profile registers, asks and introduces itself with the very words', async () => {
  const profile = await recordProfile()
  const find = (path: string): Seen | undefined => profile.find((seen) => seen.path === path)
  expect(find('/reg')?.json).toEqual({
    redirect_uris: [expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/oauth\/callback$/)],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    client_name: 'MCP Inspector',
    client_uri: 'https://github.com/modelcontextprotocol/inspector',
    scope: 'mcp:tools offline_access',
    application_type: 'native',
  })
})

test(
  'with a dead token the Inspector asks at once at the endpoint that it remembers; the profile reads the metadata first',
  async () => {
    const [real, profile] = [await recordInspectorRenewal(), await recordProfileRenewal()]
    const opened = ['POST /token', ...session, 'POST /mcp tools/list']
    expect(real.map(lineOf)).toEqual(['POST /mcp initialize', ...opened, 'POST /mcp tools/call'])
    expect(profile.map(lineOf)).toEqual(['POST /mcp initialize', ...discovery, ...opened])
    const renewals = [real, profile].map((seen) => seen.find(({ path }) => path === '/token'))
    const [first, second] = renewals.map((seen) => [...(seen?.form ?? [])].map(([name]) => name))
    expect(first).toEqual(['grant_type', 'refresh_token', 'resource', 'client_id'])
    expect(second).toEqual(first)
  },
  patienceMs,
)

/** Its last run, before which the tokens died. */
async function recordInspectorRenewal(): Promise<Seen[]> {
  const server = await startScriptedServer({ metadataDocuments: false })
  const isListed = ({ rpc }: Seen): boolean => rpc?.method === 'tools/list'
  const watch = setInterval(() => {
    if (!server.seen.some(isListed)) return
    clearInterval(watch)
    server.expireTokens()
  }, 20)
  try {
    await runInspectorCli(taskAt(server.url))
    const seen = inOrder(server.seen)
    return seen.slice(seen.findIndex(isListed) + 1)
  } finally {
    clearInterval(watch)
    await server.close()
  }
}

async function recordProfileRenewal(): Promise<Seen[]> {
  const server = await startScriptedServer({ metadataDocuments: false })
  try {
    const home = household(server, inspector)
    await home.connect()
    const before = server.seen.length
    server.expireTokens()
    expect((await home.connect()).failure).toBeUndefined()
    return inOrder(server.seen.slice(before))
  } finally {
    await server.close()
  }
}

/** The sign-in of its first run, and the session of the one that lists. */
async function recordInspector(): Promise<Seen[]> {
  const server = await startScriptedServer({ metadataDocuments: false })
  try {
    await runInspectorCli(taskAt(server.url))
    const seen = inOrder(server.seen)
    const signedIn = seen.findIndex(({ path }) => path === '/token') + 1
    const listing = seen.findIndex(({ rpc }) => rpc?.method === 'tools/list')
    return [...seen.slice(0, signedIn), ...seen.slice(listing - session.length, listing + 1)]
  } finally {
    await server.close()
  }
}

async function recordProfile(): Promise<Seen[]> {
  const server = await startScriptedServer({ metadataDocuments: false })
  try {
    const connection = await household(server, inspector).connect()
    expect(connection.failure).toBeUndefined()
    return inOrder(server.seen)
  } finally {
    await server.close()
  }
}

function taskAt(url: string): ClientTask {
  return { url, browse: followRedirect, call: { name: 'echo', arguments: { message: 'x' } } }
}

/** The scripted server asks nobody: it redirects at once. */
async function followRedirect(authorizationUrl: string): Promise<void> {
  const answer = await fetch(authorizationUrl, { redirect: 'manual' })
  await (await fetch(answer.headers.get('location') ?? '')).text()
}

/** The stream is opened beside what follows; which of the two arrives first is chance. */
function inOrder(seen: readonly Seen[]): Seen[] {
  const ordered: Seen[] = []
  for (const one of seen) {
    const isStream = one.method === 'GET' && one.headers.has('mcp-session-id')
    const opened = ordered.findLastIndex(({ rpc }) => rpc?.method === 'notifications/initialized')
    ordered.splice(isStream ? opened + 1 : ordered.length, 0, one)
  }
  return ordered
}

function lineOf({ method, path, rpc }: Seen): string {
  return `${method} ${path} ${rpc?.method ?? ''}`.trimEnd()
}

const comparedHeaders = [
  'accept',
  'authorization',
  'content-type',
  'mcp-method',
  'mcp-protocol-version',
  'mcp-session-id',
  'origin',
  'user-agent',
]

/** What of one exchange is not the same, but for what is made up anew each time. */
function differencesOf(real: Seen, profile: Seen | undefined): string[] {
  // The browser's own request is nobody's profile.
  const isBrowser = real.path === '/auth'
  const headers = isBrowser ? [] : comparedHeaders.filter((name) => isOther(real, profile, name))
  const query = isBrowser && !sameMembers(real.query, profile?.query) ? ['query'] : []
  const form = sameMembers(real.form, profile?.form) ? [] : ['form']
  const params = plain(real.rpc?.params) === plain(profile?.rpc?.params) ? [] : ['params']
  const body = real.path === '/reg' && plain(real.json) !== plain(profile?.json) ? ['body'] : []
  return [...headers, ...query, ...form, ...params, ...body].map((what) => `${lineOf(real)}: ${what}`)
}

function isOther(real: Seen, profile: Seen | undefined, name: string): boolean {
  const [one, other] = [real.headers.get(name), profile?.headers.get(name) ?? null]
  return plain(one) !== plain(other)
}

const madeUp = new Set(['code', 'code_challenge', 'code_verifier', 'state', 'client_id'])

function sameMembers(real: URLSearchParams, profile: URLSearchParams | undefined): boolean {
  const members = (form: URLSearchParams | undefined): string =>
    plain([...(form ?? [])].map(([name, value]) => [name, madeUp.has(name) ? '*' : value]))
  return members(real) === members(profile)
}

/** Ports, paths of a redirect and tokens are of one run. */
function plain(value: unknown): string {
  return JSON.stringify(value ?? null)
    .replaceAll(/http:\/\/(?:127\.0\.0\.1|localhost):\d+(?:\/oauth)?/g, 'http://loopback')
    .replaceAll(/Bearer [\w-]+/g, 'Bearer *')
}
