/** One attempt is one story: what it joins, in which order, what it marks as inferred, and what stays apart. */

import { describe, expect, test } from 'vitest'
import { flowIdOf } from '../../src/authorization-server/registration-ids.ts'
import { type Story, tellStory } from '../../src/connections/story.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { authorizeUrl, callMcp, notesUpstream, openDoor, pkce } from '../door.ts'
import {
  approve,
  begin,
  beginAs,
  call,
  callTool,
  claudeCode,
  connectAsClaude,
  connectionsOf,
  exchange,
  httpx,
  initialize,
  listTools,
  onlyStory,
  probe,
  readMetadata,
  refresh,
  registerClaude,
  storiesOf,
  tokensOf,
} from './attempt.ts'

const claudeDocument = 'https://claude.ai/oauth/mcp-oauth-client-metadata'
const claudeCodeDocument = 'https://claude.ai/oauth/claude-code-client-metadata'

/** `~` for what is inferred, and how often where it is more than once. */
function stepsOf(story: Story): string[] {
  return story.timeline.map(({ name, detail, count, isInferred }) => {
    return `${isInferred ? '~' : ''}${name}${detail === '' ? '' : `:${detail}`}${count === 1 ? '' : ` x${count}`}`
  })
}

describe('a whole connection', () => {
  test('from the first 401 to refreshes is one story, with who it was and when', async () => {
    const door = await openDoor()
    const connected = await connectAsClaude(door)
    for (let times = 0; times < 5; times++) await call(door, connected, callTool('search'))
    door.clock.now += 3000
    const next = tokensOf(connected.clientId, await refresh(door, connected))
    await refresh(door, connected)
    await call(door, next, listTools)
    const story = await onlyStory(door)
    expect(stepsOf(story)).toEqual([
      '~challenged',
      '~discovered:resource',
      '~discovered:server',
      'registered',
      'authorization-requested',
      'signed-in',
      'consent-shown',
      'approved',
      'token-issued',
      'session-opened',
      'called:initialize',
      'called:list-tools x2',
      'called:call-tool x5',
      'refreshed',
      'refresh-repeated',
    ])
    expect(story).toMatchObject({ state: 'connected', client: 'Claude', reached: 'refreshed' })
    expect(story.diagnosis).toBeUndefined()
    expect(story.timeline.map(({ afterSeconds }) => afterSeconds)).toEqual([
      0, 0, 0, 1, 4, 4, 4, 4, 5, 6, 6, 6, 6, 3006, 3006,
    ])
    const listed = story.timeline.find(({ detail }) => detail === 'list-tools')
    expect(listed).toMatchObject({ at: story.startedAt + 6, lastAt: story.startedAt + 3006, status: 200 })

    const [connection] = await door.storage.listConnections({}, 1)
    const ada = await door.storage.findUserByName('ada')
    const [grant] = await door.storage.listGrants({}, 1)
    expect(connection).toMatchObject({
      clientId: connected.clientId,
      agent: 'claude',
      connector: '/mcp',
      redirectHost: 'claude.ai',
      userId: ada?.userId,
      grantId: grant?.grantId,
      isKnown: true,
    })
  })

  test('of a client with a metadata document is joined by its kind: no registration ties it', async () => {
    const door = await openDoor()
    await probe(door)
    await readMetadata(door)
    const begun = beginAs(door, claudeDocument)
    await call(
      door,
      tokensOf(claudeDocument, await exchange(door, begun, await approve(door, begun))),
      listTools,
    )
    expect(stepsOf(await onlyStory(door)).slice(0, 4)).toEqual([
      '~challenged',
      '~discovered:resource',
      '~discovered:server',
      'authorization-requested',
    ])
  })

  test('of Claude Code takes in what its login program asked, which has another agent', async () => {
    const door = await openDoor()
    await probe(door, claudeCode)
    await readMetadata(door, { 'user-agent': 'Bun/1.4.4' })
    const redirect_uri = 'http://localhost:51234/callback'
    const begun = beginAs(door, claudeCodeDocument, { redirect_uri })
    const code = await approve(door, begun)
    await exchange(door, begun, code, { redirect_uri })
    const story = await onlyStory(door)
    expect(story.client).toBe('Claude Code')
    expect(stepsOf(story).slice(0, 3)).toEqual(['~challenged', '~discovered:resource', '~discovered:server'])
  })

  test('takes in the metadata that Claude reads once more before the token', async () => {
    const door = await openDoor()
    const begun = await begin(door)
    const code = await approve(door, begun)
    door.clock.now += 2
    await readMetadata(door)
    await exchange(door, begun, code)
    const story = await onlyStory(door)
    expect(stepsOf(story)).toContain('~discovered:server x2')
    expect(story.reached).toBe('token-issued')
  })

  test('is told by the library too, through a browser that was signed in before', async () => {
    const door = await openDoor()
    const first = await begin(door)
    await exchange(door, first, await approve(door, first))
    door.clock.now += 200
    const second = { ...beginAs(door, claudeDocument), browser: first.browser }
    await exchange(door, second, await approve(door, second))
    const [latest] = await storiesOf(door)
    expect(latest && stepsOf(latest)).toEqual([
      'authorization-requested',
      'consent-shown',
      'approved',
      'token-issued',
    ])
  })
})

describe('what stays apart', () => {
  test('each authorization of one registered client is an attempt of its own; the first has the registration', async () => {
    const door = await openDoor()
    const first = await begin(door)
    await first.browser.get(first.url)
    door.clock.now += 60
    const second = beginAs(door, first.clientId)
    await exchange(door, second, await approve(door, second))
    const [latest, earlier] = await storiesOf(door)
    expect(earlier && stepsOf(earlier)).toEqual([
      '~challenged',
      '~discovered:resource',
      '~discovered:server',
      'registered',
      'authorization-requested',
    ])
    expect(latest && stepsOf(latest)[0]).toBe('authorization-requested')
    expect(latest?.reached).toBe('token-issued')
    expect(latest?.connectionId.split('.')[0]).toBe(flowIdOf(first.clientId))
  })

  test('two people who connect with the one client id of Claude are two stories', async () => {
    const door = await openDoor()
    const attempts = [beginAs(door, claudeDocument), beginAs(door, claudeDocument)]
    for (const begun of attempts) await exchange(door, begun, await approve(door, begun))
    const stories = await storiesOf(door)
    expect(stories.map(({ reached }) => reached)).toEqual(['token-issued', 'token-issued'])
  })

  test('what one kind of program asked is not joined to a client of another, nor what was asked long before', async () => {
    const door = await openDoor()
    await probe(door)
    door.clock.now += 90
    await probe(door, claudeCode)
    await registerClaude(door)
    const stories = await storiesOf(door)
    expect(stories.map(stepsOf).sort()).toEqual([['registered'], ['~challenged'], ['~challenged']])
  })

  test('Postern’s own look at its public URL is nobody’s attempt', async () => {
    const door = await openDoor()
    const own = { ...httpx, 'postern-probe': '1' }
    await readMetadata(door, own)
    await probe(door, own)
    expect(await connectionsOf(door)).toEqual([])
  })

  test('a browser, a monitor and a scanner are visits; somebody who tries is told as under way, then as stopped', async () => {
    const door = await openDoor()
    for (const agent of ['Mozilla/5.0 (X11)', 'curl/8.5', 'UptimeRobot/2.0']) {
      await probe(door, { 'user-agent': agent })
    }
    await probe(door)
    const connections = await connectionsOf(door)
    const statesAt = (seconds: number): string[] =>
      connections.map((connection) => tellStory(connection, door.clock.now + seconds).state).sort()
    expect(statesAt(0)).toEqual(['under-way', 'under-way', 'under-way', 'under-way'])
    expect(statesAt(200)).toEqual(['looked', 'looked', 'looked', 'stopped'])
  })

  test('where nobody signs in, the calls of a kind of program are one story, and each session is nobody’s account', async () => {
    const door = await openDoor()
    await door.postern.close()
    const open = await openDoor({
      connector: { name: 'Notes', upstream: notesUpstream(), access: 'none' },
    })
    for (let times = 0; times < 10; times++) await callMcp(open, undefined, listTools, claudeCode)
    const [connection, ...others] = await connectionsOf(open)
    expect(others).toEqual([])
    expect(connection).toMatchObject({ isKnown: false, userId: undefined, agent: 'claude-code' })
    expect(connection && stepsOf(tellStory(connection, open.clock.now))).toEqual(['called:list-tools x10'])
  })
})

describe('several servers on one storage', () => {
  test('a registration that another one saw is taken in all the same', async () => {
    const storage = memoryStorage()
    const one = await openDoor({ storage })
    const registered = await registerClaude(one)
    await one.postern.close()
    const other = await openDoor({ storage })
    other.clock.now = one.clock.now + 1
    const { challenge } = pkce()
    await other.browser().get(authorizeUrl(other, String(registered.client_id), challenge))
    expect(stepsOf(await onlyStory(other))).toEqual(['registered', 'authorization-requested'])
  })

  test('a connection goes on in the same story after a restart', async () => {
    const storage = memoryStorage()
    const one = await openDoor({ storage })
    const connected = await connectAsClaude(one)
    await one.postern.close()
    const other = await openDoor({ storage })
    other.clock.now = one.clock.now + 60
    await call(other, connected, initialize)
    const story = await onlyStory(other)
    expect(stepsOf(story)).toContain('called:initialize x2')
    expect(story.lastAt - story.startedAt).toBe(66)
  })
})
