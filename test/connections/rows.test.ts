/** Every diagnosis that docs/reference/connections.md claims: an attempt that stops there gets it, in the records and on the page that an operator reads, and a good one does not. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diagnoses } from '../../src/connections/diagnosis.ts'
import { type Story, tellStory } from '../../src/connections/story.ts'
import { stdioUpstream } from '../../src/gateway/upstreams/stdio.ts'
import { text } from '../../src/ui/text.ts'
import { account, type Door, openDoor, readForm } from '../door.ts'
import { wordsOf } from '../page-words.ts'
import {
  authorize,
  call,
  callTool,
  connectAsClaude,
  connectionsOf,
  initialize,
  storiesOf,
} from './attempt.ts'
import { scenarios } from './scenarios.ts'

/** Of one attempt that goes as it should, looked at later. */
const plainGood = (async () => {
  const door = await openDoor()
  await connectAsClaude(door)
  return { connections: await connectionsOf(door), now: door.clock.now }
})()

async function plainGoodStories(laterSeconds: number): Promise<Story[]> {
  const { connections, now } = await plainGood
  const stories = connections.map((connection) => tellStory(connection, now + laterSeconds))
  expect(stories.map(({ state }) => state)).toEqual(['connected'])
  return stories
}

describe('a stopped attempt is told as such, with its cause', () => {
  test('each diagnosis is proved here, and so is each row that the reference page lists', () => {
    expect(Object.keys(scenarios).sort()).toEqual(diagnoses.map(({ id }) => id).sort())
    const page = readFileSync(join(import.meta.dirname, '../../docs/reference/connections.md'), 'utf8')
    const listed = [...page.matchAll(/^\| ([A-Z]\d+) \| (.*) \|$/gm)].flatMap(([, row, links = '']) =>
      [...links.matchAll(/#([a-z-]+)/g)].map(([, id]) => `${row} ${id}`),
    )
    expect(listed.length).toBeGreaterThan(60)
    expect(listed.sort()).toEqual(
      diagnoses.flatMap(({ id, rows }) => rows.map((row) => `${row} ${id}`)).sort(),
    )
  })

  const cases = diagnoses.map((diagnosis) => ({
    ...diagnosis,
    says: [...diagnosis.rows, diagnosis.id].join(' '),
  }))
  test.each(cases)('$says', async ({ id, rows, seen, shown, cause, fix }) => {
    const { options, stops, good, laterSeconds = 0 } = scenarios[id] ?? {}
    const door = await openDoor(options?.())
    await stops?.(door)
    door.clock.now += laterSeconds
    const stories = await storiesOf(door)
    const told = stories.map(({ diagnosis, state }) => [diagnosis?.id, state])
    expect(told.map(([name]) => name)).toContain(id)
    expect(told.filter(([, state]) => state === 'connected')).toEqual([])
    // Everything that went before it is one story with it.
    if (id !== 'registration-put-off') expect(stories.length).toBeLessThanOrEqual(2)

    const { line, page } = await readInConsole(door, seen)
    const states = stories.flatMap(({ diagnosis, state }) =>
      diagnosis?.id === id ? [text.console.state[state]] : [],
    )
    expect(states.some((state) => line.includes(` ${state} ${seen}`))).toBe(true)
    expect(page).toContain(rows.length === 0 ? id : `${id} (${rows.join(', ')})`)
    for (const sentence of [seen, shown ?? '', `Likely cause ${cause}`, `What to do ${fix}`])
      expect(page).toContain(sentence)

    const goodStories = good === undefined ? await plainGoodStories(laterSeconds) : await wellStories()
    expect(goodStories.map(({ diagnosis }) => diagnosis?.id)).not.toContain(id)

    async function wellStories(): Promise<Story[]> {
      const goodDoor = await openDoor(options?.())
      await good?.(goodDoor)
      goodDoor.clock.now += laterSeconds
      return storiesOf(goodDoor)
    }
  })
})

/** As an operator finds it: the line among all attempts that says what was seen, and the page that it leads to. */
async function readInConsole(door: Door, seen: string): Promise<{ line: string; page: string }> {
  const { storage, clock } = door
  const open = await openDoor({ storage, clock: () => clock.now, console: {} })
  const operator = open.browser()
  const { action, fields } = readForm(await (await operator.get('/login?then=/console')).text())
  fields.set('username', account.username)
  fields.set('password', account.password)
  await operator.post(action, fields)
  const list = await (await operator.get('/console/connections?only=all')).text()
  const rows = [...list.matchAll(/<tr>.*?<\/tr>/gs)].map(([row]) => row)
  const row = rows.find((one) => wordsOf(one).includes(seen)) ?? ''
  const [, path = ''] = /href="([^"]+)"/.exec(row) ?? []
  const page = wordsOf(await (await operator.get(path)).text())
  await open.postern.close()
  return { line: wordsOf(row), page }
}

describe('a command on stdio', () => {
  test.each([
    ['that ends in the middle of a call', 'process.exit(3)', 'upstream-broke-off'],
    ['that never answers a call', '', 'upstream-late'],
  ])('%s', async (_what, onCall, id) => {
    const program = `require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method } = JSON.parse(line)
      const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } }
      if (method === 'initialize') console.log(JSON.stringify({ jsonrpc: '2.0', id, result }))
      if (method === 'tools/call') { ${onCall} }
    })`
    const upstream = stdioUpstream({
      command: [process.execPath, '-e', program],
      cwd: '/',
      env: {},
      environment: process.env,
      limits: { callDeadlineMs: 300 },
    })
    const door = await openDoor({ connector: { name: 'Notes', upstream } })
    const connected = await authorize(door)
    await call(door, connected, initialize)
    door.clock.now++
    await (await call(door, connected, callTool('search'))).text()
    const [story] = await storiesOf(door)
    expect(story).toMatchObject({ state: 'troubled', diagnosis: { id } })
  })
})
