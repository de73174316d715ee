/** Connected apps: a person sees what is connected in their name and ends it at once, and nobody sees or ends anything of somebody else's. */

import { describe, expect, test } from 'vitest'
import { createLocalUser } from '../../src/identity/providers/local-accounts.ts'
import { type Browser, callMcp, connect, type Door, openDoor, readForm, token } from '../door.ts'

describe('what is connected', () => {
  test('is shown to who has signed in, who is sent to sign in first and comes back', async () => {
    const door = await openDoor()
    const browser = door.browser()
    const sentAway = await browser.get('/account')
    expect([sentAway.status, sentAway.headers.get('location')]).toEqual([303, '/login?then=%2Faccount'])
    await signIn(browser)
    const page = await show(browser)
    expect(page).toContain('Nothing is connected.')
    expect(page).toContain('<bdi>Ada</bdi>')
  })

  test('has the name of the app, through where it came, what it may do, and which tools it has used', async () => {
    const door = await openDoor()
    const browser = door.browser()
    const { accessToken } = await connect(door, { browser, untick: 'write' })
    expect(await show(browser)).toContain('Not yet')
    for (const name of ['search', 'search', 'no-such-tool'])
      await callMcp(door, accessToken, { id: 1, method: 'tools/call', params: { name } })
    await door.postern.close()
    const page = words(await show(browser))
    expect(page).toMatch(
      /Claude Disconnect Claude Uses Notes Through claude\.ai May Look things up Since just now/,
    )
    expect(page).toContain('search twice, just now')
    expect(page).not.toContain('Make changes')
    expect(page).not.toContain('Not yet')
  })

  test('is only what is live', async () => {
    const door = await openDoor()
    const browser = door.browser()
    await connect(door, { browser })
    const [grant] = await door.storage.listGrants({}, 10)
    await door.storage.revokeGrant(grant?.grantId ?? '', door.clock.now, 'test')
    expect(await show(browser)).toContain('Nothing is connected.')
  })
})

describe('Disconnect', () => {
  test('works at once: access and refresh token are dead when the page comes back', async () => {
    const door = await openDoor()
    const browser = door.browser()
    const { accessToken, refreshToken, clientId } = await connect(door, { browser })
    const ping = { id: 1, method: 'tools/list' }
    expect((await callMcp(door, accessToken, ping)).status).toBe(200)
    const { fields } = readForm(await show(browser))
    const answer = await browser.post('/account', fields)
    expect(answer.status).toBe(303)
    expect((await callMcp(door, accessToken, ping)).status).toBe(401)
    const refreshed = await token(door, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
    })
    expect([refreshed.status, refreshed.body.error]).toEqual([400, 'invalid_grant'])
    const page = words(await (await browser.get(answer.headers.get('location') ?? '')).text())
    expect(page).toContain('Claude is disconnected.')
    expect(page).toContain('Nothing is connected.')
    expect(door.events.filter(({ name }) => name === 'account.disconnected')).toMatchObject([{ clientId }])
  })

  test('twice, as by a double click, ends nothing else and says the same', async () => {
    const door = await openDoor()
    const browser = door.browser()
    await connect(door, { browser })
    const { fields } = readForm(await show(browser))
    const [first, second] = await Promise.all([
      browser.post('/account', fields),
      browser.post('/account', fields),
    ])
    expect([first.status, second.status]).toEqual([303, 303])
    expect(second.headers.get('location')).toBe(first.headers.get('location'))
    expect(door.events.filter(({ name }) => name === 'account.disconnected')).toHaveLength(1)
  })

  test("of somebody else's app does nothing, and shows nothing of it", async () => {
    const door = await openDoor()
    const owner = door.browser()
    const { accessToken } = await connect(door, { browser: owner })
    const { fields } = readForm(await show(owner))
    await addUser(door, 'eve')
    const eve = door.browser()
    await signIn(eve, 'eve')
    expect(await show(eve)).not.toContain('Claude</bdi>')
    await connect(door, { browser: eve })
    const own = readForm(await show(eve))
    expect(own.fields.get('grant')).not.toBe(fields.get('grant'))
    own.fields.set('grant', fields.get('grant') ?? '')
    const answer = await eve.post('/account', own.fields)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account'])
    const ended = await (await eve.get(`/account?ended=${fields.get('grant')}`)).text()
    expect(ended).not.toContain('is disconnected')
    expect((await callMcp(door, accessToken, { id: 1, method: 'tools/list' })).status).toBe(200)
  })

  test.each([
    ['without its CSRF token', (fields: URLSearchParams) => fields.delete('csrf'), {}],
    ['from another site', () => {}, { 'sec-fetch-site': 'cross-site' }],
    ['from another origin', () => {}, { 'sec-fetch-site': 'same-site' }],
  ] as const)('%s is refused [SBP-02]', async (_, change, headers) => {
    const door = await openDoor()
    const browser = door.browser()
    const { accessToken } = await connect(door, { browser })
    const { fields } = readForm(await show(browser))
    change(fields)
    expect((await browser.post('/account', fields, headers)).status).toBe(403)
    expect((await callMcp(door, accessToken, { id: 1, method: 'tools/list' })).status).toBe(200)
  })
})

async function show(browser: Browser): Promise<string> {
  const response = await browser.get('/account')
  expect(response.status).toBe(200)
  return response.text()
}

async function signIn(browser: Browser, username = 'ada'): Promise<void> {
  const { fields } = readForm(await (await browser.get('/login?then=/account')).text())
  fields.set('username', username)
  fields.set('password', 'correct horse battery')
  const answer = await browser.post('/login', fields)
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account'])
}

async function addUser(door: Door, username: string): Promise<void> {
  const wishes = { username, displayName: '', password: 'correct horse battery', role: 'member' } as const
  await createLocalUser({ storage: door.storage, clock: () => door.clock.now }, wishes)
}

/** As a person reads them. */
function words(html: string): string {
  return html
    .replace(/<style>.*?<\/style>|<script>.*?<\/script>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
}
