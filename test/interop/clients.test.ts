/** Real clients with their own OAuth code, and our connector in the manner of Claude's, against a real `postern serve` before the MCP reference server. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ClientResult,
  clientResultsPath,
  readClientResults,
  type WayInColumn,
} from '../../scripts/clients-table.ts'
import type { Connection } from '../../src/client/connector.ts'
import * as surfaces from '../../src/client/surfaces/index.ts'
import { claudeCallbacks } from '../../src/oauth/claude.ts'
import { clickThroughConsent, startBrowser, type TestBrowser } from '../browser/chromium.ts'
import { isWhole } from '../whole.ts'
import { repositoryRoot } from './child.ts'
import type { ClientRun, ClientTask } from './clients/client-run.ts'
import { runInspectorCli } from './clients/inspector-cli.ts'
import { runMcpRemote } from './clients/mcp-remote.ts'
import { runSdkV1 } from './clients/sdk-v1.ts'
import { runSdkV2 } from './clients/sdk-v2.ts'
import {
  type HandMadeClient,
  type PosternProcess,
  referenceServer,
  runPostern,
  startPostern,
} from './postern-process.ts'

const account = { username: 'ada', password: 'correct horse battery' }
const loopbackCallbacks = ['http://127.0.0.1/callback', 'http://localhost/callback']

/** The one document of a client on loopback that the door knows without asking the network. */
const claudeCodeDocument = 'https://claude.ai/oauth/claude-code-client-metadata'

let door: PosternProcess
/** Where clients that prefer metadata documents have to register. */
let doorWithoutDocuments: PosternProcess | undefined
let browser: TestBrowser
let states: string
/** What each run came to, in the order of the tests. */
const results: ClientResult[] = []
const handMade: Record<
  'onLoopback' | 'onLoopbackWithSecret' | 'atClaude' | 'atClaudeWithSecret',
  HandMadeClient
> = {
  onLoopback: { clientId: '' },
  onLoopbackWithSecret: { clientId: '' },
  atClaude: { clientId: '' },
  atClaudeWithSecret: { clientId: '' },
}

beforeAll(async () => {
  ;[door, browser, states] = await Promise.all([
    startPostern({ command: referenceServer }),
    startBrowser(),
    mkdtemp(join(tmpdir(), 'postern-states-')),
  ])
  await door.createAccount(account)
  if (!isWhole) return
  doorWithoutDocuments = await startPostern({
    command: referenceServer,
    flags: ['--no-metadata-documents'],
  })
  await doorWithoutDocuments.createAccount(account)
  for (const [place, redirectUris] of [
    ['onLoopback', loopbackCallbacks],
    ['atClaude', claudeCallbacks],
  ] as const) {
    handMade[place] = await door.createClient({ name: 'By hand', redirectUris })
    handMade[`${place}WithSecret`] = await door.createClient({
      name: 'By hand, with a secret',
      redirectUris,
      confidential: true,
    })
  }
})

afterAll(async () => {
  const folder = join(repositoryRoot, 'test-results')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'clients.json'), formatResults())
  await Promise.all([
    door.stop(),
    doorWithoutDocuments?.stop(),
    browser.close(),
    rm(states, { recursive: true, force: true }),
  ])
})

interface SurfaceDetails {
  readonly at?: PosternProcess | undefined
  readonly flags?: readonly string[]
  readonly env?: Record<string, string | undefined>
}

const document = 'client metadata document'

/** How a surface is brought to come in otherwise than it would by itself. */
const otherWays: readonly (readonly [
  WayInColumn,
  (byHand: HandMadeClient, withSecret: HandMadeClient) => SurfaceDetails,
])[] = [
  ['dynamic registration', () => ({ at: doorWithoutDocuments })],
  [document, () => ({ flags: ['--client-metadata-url', claudeCodeDocument] })],
  ['pre-registered', ({ clientId }) => ({ flags: ['--client-id', clientId] })],
  [
    'pre-registered with a secret',
    (_, { clientId, clientSecret }) => ({
      flags: ['--client-id', clientId],
      env: { POSTERN_CLIENT_SECRET: clientSecret },
    }),
  ],
]

/** The default run has the first, by the first way. */
const programs: readonly (readonly [string, (task: ClientTask) => Promise<ClientRun>])[] = [
  ['MCP SDK v1', runSdkV1],
  ['MCP SDK v2', runSdkV2],
  ['MCP SDK v2 (era auto)', (task) => runSdkV2({ ...task, era: 'auto' })],
  ['MCP Inspector CLI', runInspectorCli],
  ['mcp-remote', runMcpRemote],
]

const waysOfPrograms: readonly (readonly [WayInColumn, () => Partial<ClientTask>])[] = [
  ['dynamic registration', () => ({})],
  ['client metadata document', () => ({ clientMetadataUrl: claudeCodeDocument })],
  ['pre-registered', () => ({ preRegistered: handMade.onLoopback })],
  ['pre-registered with a secret', () => ({ preRegistered: handMade.onLoopbackWithSecret })],
]

describe.each(isWhole ? programs : programs.slice(0, 1))('%s', (client, run) => {
  test.each(isWhole ? waysOfPrograms : waysOfPrograms.slice(0, 1))(
    'connects by %s, a person clicking in Chromium [ASU-06] [RC-23]',
    (wayIn, detailsOfWay) =>
      record({ client, kind: 'program', wayIn }, async () => {
        const call = { name: 'echo', arguments: { message: 'through the door' } }
        const made = await run({ url: door.mcpUrl, browse: browseInChromium, call, ...detailsOfWay() })
        expect(made.wayIn).toBe(wayIn.replace(' with a secret', ''))
        expect(made.authorizationUrl.searchParams.get('code_challenge_method')).toBe('S256')
        expect(made.tools).toContain('get-tiny-image')
        expect(made.text).toBe('Echo: through the door')
        return { version: made.version, protocolVersion: made.protocolVersion ?? 'none' }
      }),
  )
})

/** Claude's own and the standard; what other products do is in test/client/other-clients.test.ts. */
const claudeSurfaces = isWhole
  ? [surfaces.claudeCode, surfaces.claudeHosted, surfaces.claudeHosted2025, surfaces.strict]
  : [surfaces.claudeCode]

describe.each(claudeSurfaces)('postern connect --as $name', (surface) => {
  const { metadataDocument, redirect, order } = surface.identity
  const version = surface.name === 'strict' ? '' : `(seen ${surface.userAgents.observedAt})`
  const place = redirect.kind === 'fixed' ? 'atClaude' : 'onLoopback'
  const ownWay: WayInColumn =
    metadataDocument === undefined ? 'dynamic registration' : 'client metadata document'
  // A browser takes seconds, so that one surface is enough: the one whose redirect leaves this machine.
  const kind = surface.name === 'claude-hosted' ? 'headless' : 'fetch'

  test(`connects by ${ownWay} and --browser ${kind}, calls, reads a binary resource, refreshes [CC-10] [CC-13]`, () =>
    connectBy(ownWay, door, async () => {
      const made = await connectAs(surface.name, door, [
        ...['--browser', kind, '--state', stateFile(surface.name), '--refresh'],
        ...['--read', 'demo://resource/dynamic/blob/1', '--call', 'get-tiny-image', ...echo],
      ])
      const names = made.transcript.steps
        .filter(({ verdict }) => verdict === 'passed')
        .map(({ name }) => name)
      expect(names.slice(names.lastIndexOf('refresh'))).toEqual(['refresh', 'call', 'call', 'read'])
      // Twice each: before and after the refresh.
      const images = made.calls.filter(({ name }) => name === 'get-tiny-image').map(imageOf)
      expect(images.map((image) => image.subarray(1, 4).toString())).toEqual(['PNG', 'PNG'])
      const isWhole = expect.stringMatching(/^Resource 1: This is a base64 blob created at .+/)
      expect(made.reads.map(blobOf)).toEqual([isWhole, isWhole])
      return made
    }))

  test.each(
    otherWays.filter(
      ([wayIn]) => isWhole && wayIn !== ownWay && (wayIn !== document || order.includes('metadata-document')),
    ),
  )('connects by %s [ASU-06] [AUTH-2025-11-25-26]', (wayIn, detailsOfWay) => {
    const { at = door, flags = [], env = {} } = detailsOfWay(handMade[place], handMade[`${place}WithSecret`])
    return connectBy(wayIn, at, () => connectAs(surface.name, at, [...flags, ...echo], env))
  })

  function connectBy(wayIn: WayInColumn, at: PosternProcess, run: () => Promise<Connection>): Promise<void> {
    return record({ client: surface.title, kind: 'profile', wayIn }, async () => {
      const { session, tools, calls } = await run()
      expect(wayInAt(at)).toBe(wayIn.replace(' with a secret', ''))
      expect(tools.map(({ name }) => name)).toContain('get-tiny-image')
      expect(calls.at(-1)?.result.content).toEqual([{ type: 'text', text: 'Echo: through the door' }])
      return { version, protocolVersion: session?.protocolVersion ?? 'none' }
    })
  }
})

test('after kill -9 and restart every surface connects again, and refreshes, without signing in [CC-11]', async () => {
  await door.crashAndRestart()
  for (const { name } of claudeSurfaces) {
    // Without POSTERN_LOGIN: whoever sent a browser would not get through.
    const flags = ['--browser', 'fetch', '--state', stateFile(name), '--refresh', ...echo]
    const made = await connectAs(name, door, flags, { POSTERN_LOGIN: undefined })
    expect(made.calls.map(({ result }) => result.content)).toEqual([
      [{ type: 'text', text: 'Echo: through the door' }],
      [{ type: 'text', text: 'Echo: through the door' }],
    ])
  }
  const seen = new Set(door.events().map(({ event }) => event))
  expect([...seen]).toEqual(expect.arrayContaining(['mcp.request', 'refresh.rotated']))
  expect(SIGN_IN_EVENTS.filter((event) => seen.has(event))).toEqual([])
})

test('the results are those of clients.json, from which README has its table', async () => {
  if (process.env.UPDATE === '1') await writeFile(clientResultsPath, formatResults())
  const recorded = readClientResults()
  expect(results).toEqual(
    isWhole
      ? recorded
      : results.map(({ client, wayIn }) =>
          recorded.find((result) => result.client === client && result.wayIn === wayIn),
        ),
  )
})

/** What a sign-in, or the beginning of one, leaves in the log. */
const SIGN_IN_EVENTS = [
  'client.registered',
  'authorization.requested',
  'login.succeeded',
  'login.failed',
  'consent.shown',
  'token.issued',
  'request.refused',
]

const echo = ['--call', 'echo', '{"message":"through the door"}']

function stateFile(surface: string): string {
  return join(states, `${surface}.json`)
}

async function browseInChromium(authorizationUrl: string): Promise<void> {
  const page = await browser.newPage()
  await page.goto(authorizationUrl)
  await clickThroughConsent(page, account)
  await page.context().close()
}

async function connectAs(
  surface: string,
  { mcpUrl }: PosternProcess,
  flags: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<Connection> {
  const words = ['connect', mcpUrl, '--as', surface, '--json', ...flags]
  const login = { POSTERN_LOGIN: `${account.username}:${account.password}` }
  return JSON.parse(await runPostern(words, { env: { ...login, ...env } })) as Connection
}

/** Read off the client id of the last authorization request that the door saw. */
function wayInAt({ events }: PosternProcess): string {
  const request = events().findLast(({ event }) => event === 'authorization.requested')
  const clientId = String(request?.clientId)
  if (clientId.startsWith('https://')) return 'client metadata document'
  const isByHand = Object.values(handMade).some((client) => client.clientId === clientId)
  return isByHand ? 'pre-registered' : 'dynamic registration'
}

function imageOf({ result }: Connection['calls'][number]): Buffer {
  const image = (result.content as { type: string; data?: string }[]).find(({ type }) => type === 'image')
  return Buffer.from(image?.data ?? '', 'base64')
}

function blobOf({ result }: Connection['reads'][number]): string {
  const [content] = result.contents as { blob?: string }[]
  return Buffer.from(content?.blob ?? '', 'base64').toString()
}

/** Runs it, and notes what came of it, whatever that is. */
async function record(
  what: Pick<ClientResult, 'client' | 'kind' | 'wayIn'>,
  run: () => Promise<Pick<ClientResult, 'version' | 'protocolVersion'>>,
): Promise<void> {
  const { client, kind, wayIn } = what
  try {
    const { version, protocolVersion } = await run()
    results.push({ client, version, kind, wayIn, protocolVersion, result: 'connected' })
  } catch (error) {
    const [result = ''] = String(error).split('\n')
    results.push({ client, version: '', kind, wayIn, protocolVersion: '', result })
    throw error
  }
}

function formatResults(): string {
  return `${JSON.stringify(results, null, 2)}\n`
}
