/** The operator's console: nothing for anybody who is not an administrator, whatever address they come from; the same deeds as on the command line, each written down. */

import { beforeEach, describe, expect, test } from 'vitest'
import { type Browser, callMcp, connect, type Door, openDoor, register } from '../door.ts'
import { wordsOf } from '../page-words.ts'
import { addMember, formFor, signIn } from './people.ts'

const token = 'an-operators-token-of-enough-characters'
const tabs = [
  '',
  '/connections',
  '/people',
  '/clients',
  '/grants',
  '/connectors',
  '/credentials',
  '/audit',
  '/settings',
]
const list = { id: 1, method: 'tools/list' }

let door: Door
let operator: Browser
beforeEach(async () => {
  door = await openDoor({
    console: { token, settings: [{ name: 'port', value: '8787', purpose: 'Where.' }] },
  })
  operator = door.browser()
})

describe('who may enter', () => {
  test('nobody where it is not switched on', async () => {
    const plain = await openDoor()
    const browser = plain.browser()
    await signIn(browser, '/account')
    expect((await browser.get('/console')).status).toBe(404)
    expect((await plain.fetch('/console/api/grants')).status).toBe(404)
    expect(await (await browser.get('/')).text()).not.toContain('href="/console"')
  })

  test.each(tabs)(
    'whoever has not signed in is asked to, on this machine too: /console%s [HS-12]',
    async (path) => {
      const answer = await door.postern.fetch(
        new Request(`${door.origin}/console${path}`, { headers: { host: 'localhost:8787' } }),
        {
          peerAddress: '127.0.0.1',
        },
      )
      expect(answer.status).toBe(303)
      expect(answer.headers.get('location')).toBe(`/login?then=${encodeURIComponent(`/console${path}`)}`)
    },
  )

  test('a member is told that it is for operators, and can do nothing', async () => {
    const { accessToken } = await connect(door)
    const [grant] = await door.storage.listGrants({}, 1)
    await addMember(door, 'eve')
    const eve = door.browser()
    await signIn(eve, '/account', 'eve')
    for (const path of [...tabs, '/live', '/audit/export']) {
      const answer = await eve.get(`/console${path}`)
      expect([path, answer.status, await answer.text()]).toEqual([
        path,
        403,
        expect.stringContaining('for operators'),
      ])
    }
    expect(await (await eve.get('/account')).text()).not.toContain('href="/console"')
    const form = new URLSearchParams({ act: 'revoke-grant', id: grant?.grantId ?? '', csrf: 'x' })
    expect((await eve.post('/console/act', form)).status).toBe(403)
    expect((await callMcp(door, accessToken, list)).status).toBe(200)
    expect(door.events.map(({ name }) => name)).toContain('console.refused')
  })

  test('an administrator sees every page, and the way to it', async () => {
    await signIn(operator, '/console')
    for (const path of tabs)
      expect([path, (await operator.get(`/console${path}`)).status]).toEqual([path, 200])
    expect(await (await operator.get('/account')).text()).toContain('href="/console"')
    expect((await operator.get('/console/nothing')).status).toBe(404)
    expect((await operator.get('/console/connections/%ff')).status).toBe(404)
  })
})

describe('what it shows', () => {
  test('the story of an attempt that stopped, with its cause and what to do', async () => {
    await register(door, { redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] })
    await door.postern.close()
    door.clock.now += 600
    const again = await openDoor({ console: {}, storage: door.storage, clock: () => door.clock.now })
    const browser = again.browser()
    await signIn(browser, '/console')
    const page = await (await browser.get('/console/connections?only=failing')).text()
    const [, path = ''] = /href="(\/console\/connections\/[^"]+)"/.exec(page) ?? []
    const story = wordsOf(await (await browser.get(path)).text())
    expect(story).toContain('registered')
    expect(story).toMatch(/Likely cause .+ What to do /)
    expect(wordsOf(await (await browser.get('/console')).text())).toMatch(/After registration: 1/)
  })

  test('what is connected and used, and nothing that could be a secret', async () => {
    const { accessToken, refreshToken, code } = await connect(door, { browser: operator })
    await callMcp(door, accessToken, { id: 1, method: 'tools/call', params: { name: 'search' } })
    const pages = await Promise.all(tabs.map(async (path) => (await operator.get(`/console${path}`)).text()))
    const all = pages.join('\n')
    expect(wordsOf(all)).toContain('Claude ada http://localhost:8787/mcp read write')
    expect(wordsOf(all)).toMatch(/Health answers Address http:\/\/localhost:8787\/mcp/)
    for (const secret of [accessToken, refreshToken, code, token]) expect(all).not.toContain(secret)
    const user = await door.storage.findUserByName('ada')
    expect(all).not.toContain(user?.passwordHash)
  })

  test('what changed in the tools of a connector, line by line', async () => {
    const tools = [{ name: 'search', description: 'Finds.' }]
    await door.storage.noteToolList({ connector: '/mcp', seenAt: door.clock.now - 60, tools })
    await signIn(operator, '/console')
    const page = await (await operator.get('/console/connectors')).text()
    expect(wordsOf(page)).toMatch(/New: erase Changed: search/)
    expect(page).toMatch(/<del>- [^<]*Finds\.[^<]*<\/del>/)
    await operator.get('/console/connectors')
    expect(await door.storage.listToolLists('/mcp', 10)).toHaveLength(2)
  })

  test('news as they happen, while its reader may', async () => {
    await signIn(operator, '/console')
    const stream = await operator.get('/console/live')
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await register(door)
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value)).toBe('data: changed\n\n')
    await reader.cancel()
  })

  test('the whole audit log to take along', async () => {
    await connect(door, { browser: operator })
    await new Promise((resolve) => setTimeout(resolve, 10))
    const answer = await operator.get('/console/audit/export')
    expect(answer.headers.get('content-disposition')).toContain('audit.jsonl')
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { number: number })
    expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1))
    expect(lines.length).toBeGreaterThan(3)
  })
})

describe('what an operator does', () => {
  test('revoking a grant ends its tokens at once, and is written down with who did it', async () => {
    const { accessToken } = await connect(door, { browser: operator })
    const fields = formFor(await (await operator.get('/console/grants')).text(), 'revoke-grant')
    const answer = await operator.post('/console/act', fields)
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      '/console/grants?done=revoke-grant',
    ])
    expect((await callMcp(door, accessToken, list)).status).toBe(401)
    const [record] = await door.storage.listAudit({ action: 'grant.revoked' }, 1)
    const user = await door.storage.findUserByName('ada')
    expect(record).toMatchObject({
      actor: 'user',
      actorId: user?.userId,
      details: { grantId: fields.get('id') },
    })
    const twice = await operator.post('/console/act', fields)
    expect(twice.headers.get('location')).toBe('/console/grants?done=nothing')
  })

  test('removing a person signs them out; the account one sits at stays', async () => {
    await addMember(door, 'eve')
    const eve = door.browser()
    await signIn(eve, '/account', 'eve')
    await signIn(operator, '/console')
    const fields = formFor(await (await operator.get('/console/people')).text(), 'remove-user')
    await operator.post('/console/act', fields)
    expect(await door.storage.findUserByName('eve')).toBeUndefined()
    expect((await eve.get('/account')).status).toBe(303)
    const own = await door.storage.findUserByName('ada')
    fields.set('id', own?.userId ?? '')
    expect((await operator.post('/console/act', fields)).status).toBe(400)
    expect(await door.storage.findUserByName('ada')).toBeDefined()
  })

  test.each([
    ['without its CSRF token', (fields: URLSearchParams) => fields.delete('csrf'), {}],
    ['with the token of another form', (fields: URLSearchParams) => fields.set('csrf', 'x'), {}],
    ['from another site', () => {}, { 'sec-fetch-site': 'cross-site' }],
  ] as const)('%s nothing is done [SBP-02]', async (_, change, headers) => {
    const { accessToken } = await connect(door, { browser: operator })
    const fields = formFor(await (await operator.get('/console/grants')).text(), 'revoke-grant')
    change(fields)
    expect((await operator.post('/console/act', fields, headers)).status).toBe(403)
    expect((await callMcp(door, accessToken, list)).status).toBe(200)
  })

  test('is done at one address, by POST', async () => {
    const { accessToken } = await connect(door, { browser: operator })
    const fields = formFor(await (await operator.get('/console/grants')).text(), 'revoke-grant')
    for (const path of ['', '/grants', '/live', '/audit/export'])
      expect([path, (await operator.post(`/console${path}`, fields)).status]).toEqual([path, 405])
    expect((await operator.get(`/console/act?${fields}`)).status).toBe(405)
    expect((await callMcp(door, accessToken, list)).status).toBe(200)
    fields.set('act', 'revoke-everything')
    expect((await operator.post('/console/act', fields)).status).toBe(400)
  })

  test('what comes back leads nowhere else', async () => {
    await connect(door, { browser: operator })
    const fields = formFor(await (await operator.get('/console/grants')).text(), 'revoke-grant')
    fields.set('from', '//evil.example/console')
    const answer = await operator.post('/console/act', fields)
    expect(answer.headers.get('location')).toBe('/console?done=revoke-grant')
  })
})
