/** The console costs little, however much there is to show and whoever watches. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import { createReports } from '../../src/console/reports.ts'
import { createStories } from '../../src/console/stories.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import type { StoredConnection } from '../../src/storage/storage.ts'
import { attemptsPage } from '../../src/ui/console/attempts.ts'
import type { ConsoleFrame } from '../../src/ui/console/frame.ts'
import { clientsPage, credentialsPage, grantsPage, peoplePage } from '../../src/ui/console/records.ts'
import { auditPage, connectorsPage } from '../../src/ui/console/server.ts'
import type { Page } from '../../src/ui/layout.ts'
import { connect, openDoor } from '../door.ts'
import { signIn } from './people.ts'

const now = 1_800_000_000

afterEach(() => {
  vi.useRealTimers()
})

describe('what a page weighs with the longest of everything', () => {
  const long = 'w'.repeat(1000)
  const rowsOf = <Row>(row: Row) => ({ rows: Array<Row>(25).fill(row), page: 2, nextPage: 3 })
  const frame: ConsoleFrame = {
    brand: { name: 'Postern' },
    links: [],
    visitor: {
      username: 'ada',
      displayName: 'Ada',
      signOut: { action: '/logout', csrf: 'x'.repeat(43), returnTo: '/' },
    },
    action: { path: '/console/act', csrf: 'x'.repeat(43) },
    done: undefined,
    now,
  }
  const line = { kind: 'added', text: 'w'.repeat(80) } as const
  const change = {
    seenAt: now,
    added: Array<string>(500).fill(long),
    removed: [],
    changed: Array.from({ length: 50 }, () => ({
      name: long,
      lines: Array(400).fill(line) as (typeof line)[],
    })),
  }
  const pages: Readonly<Record<string, () => Page>> = {
    connections: () =>
      attemptsPage(
        frame,
        rowsOf({
          ...{ id: 'r'.repeat(60), client: long, agent: 'Claude Code', person: long, connector: long },
          ...{
            state: 'troubled' as const,
            reached: 'registration',
            startedAt: now,
            lastAt: now,
            seen: 'w'.repeat(150),
          },
        }),
        'failing',
      ),
    people: () =>
      peoplePage(
        frame,
        rowsOf({
          ...{ userId: 'u'.repeat(24), username: long, displayName: 'another', role: 'member' as const },
          ...{ hasPassword: true, createdAt: now, grants: 9, lastUsedAt: now },
        }),
        'me',
      ),
    clients: () =>
      clientsPage(
        frame,
        rowsOf({
          ...{
            clientId: 'c'.repeat(75),
            name: long,
            kind: 'registered',
            redirectHosts: ['claude.ai', 'claude.com'],
          },
          ...{ grants: 9, createdAt: now, lastUsedAt: now, expiresAt: now },
        }),
      ),
    grants: () =>
      grantsPage(
        frame,
        rowsOf({
          ...{ grantId: 'g'.repeat(20), client: long, clientId: long, person: long, connector: long },
          ...{ scope: ['read', 'write', 'admin'], createdAt: now, lastUsedAt: now, ended: undefined },
        }),
      ),
    credentials: () =>
      credentialsPage(
        frame,
        rowsOf({
          ...{ person: long, userId: 'u'.repeat(24), connector: '/mcp', kind: 'upstream-oauth', label: long },
          ...{ createdAt: now, changedAt: now, refusedAt: now },
        }),
      ),
    audit: () =>
      auditPage(
        frame,
        {
          records: rowsOf({
            ...{ number: 99_999, at: now, action: 'upstream.tool_changed', by: long, hash: 'x' },
            details: { connector: '/mcp', tool: long, code: 'changed', count: 50, diff: long },
          }).rows,
          before: 9,
        },
        { action: undefined, actions: Array<string>(40).fill('grant.revoked') },
      ),
    connectors: () =>
      connectorsPage(
        frame,
        ['one', 'two'].map((name) => ({
          ...{ name, path: `/${name}`, url: `https://mcp.example.com/${name}`, access: 'oauth' },
          ...{ answers: true, calls: 9, failures: 9, changes: Array(5).fill(change) as (typeof change)[] },
          tools: Array.from({ length: 500 }, () => ({
            name: 'w'.repeat(40),
            title: 'w'.repeat(40),
            readOnly: false,
          })),
        })),
      ),
  }
  test.each(Object.entries(pages))('%s: less than 60 kB', (_, page) => {
    expect(new TextEncoder().encode(page().html).length).toBeLessThan(60_000)
  })
})

describe('who watches', () => {
  test('fifty at a time; one more is told to come again, and may when another has left', async () => {
    const door = await openDoor({ console: {} })
    const operator = door.browser()
    await signIn(operator, '/console')
    const streams = await Promise.all(Array.from({ length: 50 }, () => operator.get('/console/live')))
    expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200))
    const refused = await operator.get('/console/live')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30'])
    await streams[0]?.body?.cancel()
    expect((await operator.get('/console/live')).status).toBe(200)
    await door.postern.close()
    for (const { body } of streams.slice(1)) for await (const _ of body ?? []);
  })

  test('hears nothing more once the account is gone', async () => {
    const door = await openDoor({ console: {} })
    const operator = door.browser()
    await signIn(operator, '/console')
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const stream = await operator.get('/console/live')
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await vi.advanceTimersByTimeAsync(25_000)
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(': still here\n\n')
    const ada = await door.storage.findUserByName('ada')
    await door.storage.removeUser(ada?.userId ?? '', door.clock.now)
    await vi.advanceTimersByTimeAsync(25_000)
    expect(await reader.read()).toEqual({ done: true, value: undefined })
  })

  test('makes nobody else wait: stories that take long are told once for all', async () => {
    const door = await openDoor()
    await connect(door)
    await door.postern.close()
    const [one] = await door.storage.listConnections({}, 1)
    const many = Array<StoredConnection>(5000).fill(one as StoredConnection)
    const listConnections = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 60))
      return many
    })
    const stories = createStories({ listConnections }, () => now)
    const [first, second] = await Promise.all([stories(), stories()])
    expect(second).toBe(first)
    expect(await stories()).toBe(first)
    expect(listConnections).toHaveBeenCalledTimes(1)
  })

  test('sees what is cheap to tell as it is now, and after a failure whatever can be had', async () => {
    const listConnections = vi.fn(async (): Promise<StoredConnection[]> => [])
    listConnections.mockRejectedValueOnce(new Error('away'))
    const stories = createStories({ listConnections }, () => now)
    await expect(stories()).rejects.toThrow('away')
    for (let times = 0; times < 3; times++) expect(await stories()).toEqual([])
    expect(listConnections).toHaveBeenCalledTimes(4)
  })

  test('asks an MCP server for its tools once, however often the page renews itself', async () => {
    const definitions = vi.fn(async () => [{ name: 'search' }])
    const noteTools = vi.fn(async () => {})
    const connector = {
      name: 'Notes',
      path: '/mcp',
      url: 'https://mcp.example.com/mcp',
      access: 'oauth',
      definitions,
    }
    const options = {
      storage: memoryStorage(),
      clock: () => now,
      connectors: [connector],
      noteTools,
      settings: [],
    }
    const reports = createReports(options)
    await Promise.all([reports.connectors(), reports.connectors()])
    await reports.connectors()
    expect([definitions, noteTools].map(({ mock }) => mock.calls.length)).toEqual([1, 1])
  })
})
