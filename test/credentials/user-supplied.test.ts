// A person's own key, asked on the consent page: checked before it is kept, used for that person alone, asked for again when it is dead (house rule 10).

import { beforeEach, describe, expect, test } from 'vitest'
import { userSupplied } from '../../src/index.ts'
import { callMcp, type Door, openDoor, token } from '../door.ts'
import { type KeyedUpstream, keyedUpstream } from './keyed-upstream.ts'
import { visitor, whoami } from './people.ts'

const field = 'credential_field_key'
const ownKey = () =>
  userSupplied({
    title: 'Your key for Example',
    help: 'Make one under Settings.',
    helpUrl: 'https://example.com/settings/keys',
    fields: [{ name: 'key', label: 'API key', hint: 'It begins with k-.', pattern: 'k-[a-z0-9]+' }],
    headers: { Authorization: 'Bearer {key}' },
  })

let server: KeyedUpstream
let door: Door
beforeEach(async () => {
  server = keyedUpstream({ 'k-ada1': 'Ada', 'k-ada2': 'Ada again', 'k-bob1': 'Bob' })
  door = await openDoor({ connector: { name: 'Example', upstream: server.upstream, credential: ownKey() } })
})

describe('a key that is asked for', () => {
  test('the page says what it wants, and a pasted key is what the connector is called with', async () => {
    const ada = await visitor(door, 'ada')
    const page = await ada.ask()
    for (const words of ['Your key for Example', 'API key', 'It begins with k-.', 'Make one under Settings.'])
      expect(page.html).toContain(words)
    expect(page.html).toMatch(/<input id="[^"]*" name="credential_field_key" type="password"[^>]* required/)
    expect(page.html).toContain('href="https://example.com/settings/keys"')

    const answer = await page.answer({ [field]: ' k-ada1 ' })
    expect(answer.location?.origin).toBe('https://claude.ai')
    const { accessToken } = await answer.connect()
    expect(await whoami(door, accessToken)).toBe('you are Ada')
    expect(door.events.map(({ name }) => name)).toContain('credential.saved')
  })

  test('a wrong one is refused on the page in the server’s own words, which are no markup, and nothing is kept', async () => {
    const ada = await visitor(door, 'ada')
    const answer = await (await ada.ask()).answer({ [field]: 'k-wrong' })
    expect(answer.status).toBe(403)
    expect(answer.location).toBeUndefined()
    expect(answer.html).toContain('there is no key &lt;b&gt;k-wr&lt;/b&gt;…')
    expect(answer.html).not.toContain('k-wrong')
    expect(await door.storage.listCredentials({}, 10)).toEqual([])
    expect(door.events.find(({ name }) => name === 'credential.rejected')?.code).toBe('refused')

    const second = await answer.again().answer({ [field]: 'k-ada1' })
    expect(await whoami(door, (await second.connect()).accessToken)).toBe('you are Ada')
  })

  test.each([
    ['nothing', '', 'This is needed.'],
    ['what does not match the pattern', 'x-other', 'does not look as it should'],
    ['a sign that no header can have', 'k-ada1é', 'letters, digits and signs'],
    ['a second header', 'k-ada1\r\nX-Admin: 1', 'letters, digits and signs'],
    ['what is far too long', `k-${'a'.repeat(5000)}`, 'This is too long.'],
  ])('%s is sent nowhere', async (_, typed, says) => {
    const before = server.calls.length
    const answer = await (await (await visitor(door, 'ada')).ask()).answer({ [field]: typed })
    expect(answer.status).toBe(400)
    expect(answer.html).toContain(says)
    expect(server.calls.slice(before).filter(({ authorization }) => authorization !== null)).toEqual([])
  })

  test('what was ticked stays as it was when the page comes again, and is what the token has', async () => {
    const page = await (await visitor(door, 'ada')).ask()
    page.fields.delete('scope')
    const wrong = await page.answer({ [field]: 'k-wrong' })
    expect(wrong.again().fields.getAll('scope')).toEqual([])
    const { accessToken } = await (await wrong.again().answer({ [field]: 'k-ada1' })).connect()
    const erase = { id: 1, method: 'tools/call', params: { name: 'erase', arguments: {} } }
    expect((await callMcp(door, accessToken, erase)).status).toBe(403)
  })

  test('deny needs no key, and asks nobody for it', async () => {
    const answer = await (await (await visitor(door, 'ada')).ask()).answer({ decision: 'deny', [field]: '' })
    expect(answer.location?.searchParams.get('error')).toBe('access_denied')
    expect(await door.storage.listCredentials({}, 10)).toEqual([])
  })

  test('five checks in an hour, whatever becomes of them; another person has five of their own', async () => {
    let answer = await (await (await visitor(door, 'ada')).ask()).answer({ [field]: 'k-wrong' })
    for (let count = 1; count < 5; count++)
      answer = await answer.again().answer({ [field]: `k-wrong${count}` })
    const checks = () => server.calls.filter(({ authorization }) => authorization !== null).length
    const before = checks()
    answer = await answer.again().answer({ [field]: 'k-ada1' })
    expect(answer.status).toBe(429)
    expect(checks()).toBe(before)
    const bob = await (await (await visitor(door, 'bob')).ask()).answer({ [field]: 'k-bob1' })
    expect(bob.location?.searchParams.has('code')).toBe(true)
    door.clock.now += 3600
    const late = await (await (await visitor(door, 'ada')).ask()).answer({ [field]: 'k-ada1' })
    expect(late.location?.searchParams.has('code')).toBe(true)
  })

  test('it is stored encrypted, for one person and connector: neither the rows nor the events hold it', async () => {
    const { accessToken } = await (
      await (await (await visitor(door, 'ada')).ask()).answer({ [field]: 'k-ada1' })
    ).connect()
    const [record] = await door.storage.listCredentials({}, 10)
    expect(record).toMatchObject({ connector: '/mcp', kind: 'user-supplied', refusedAt: undefined })
    expect(Buffer.from(record?.sealed ?? []).includes('ada1')).toBe(false)
    expect(JSON.stringify(door.events)).not.toContain('k-ada1')

    // Copied to another person's place it opens nothing.
    const bob = await visitor(door, 'bob')
    const { accessToken: bobs } = await (await (await bob.ask()).answer({ [field]: 'k-bob1' })).connect()
    const bobId = (await door.storage.findUserByName('bob'))?.userId ?? ''
    if (record !== undefined) await door.storage.saveCredential({ ...record, userId: bobId })
    expect(await whoami(door, bobs)).toBe(401)
    expect(await whoami(door, accessToken)).toBe('you are Ada')
  })
})

describe('a key that is there', () => {
  const given = async (name: string, key: string) => {
    const person = await visitor(door, name)
    return { person, ...(await (await (await person.ask()).answer({ [field]: key })).connect()) }
  }

  test('a second client is told that it will be used, and needs no key', async () => {
    const { person } = await given('ada', 'k-ada1')
    const page = await person.ask()
    expect(page.html).toMatch(/The one that you gave on <time[^>]*>\d{4}-\d\d-\d\d<\/time> will be used\./)
    expect(page.html).not.toMatch(/name="credential_field_key"[^>]* required/)
    const second = await (await page.answer({ [field]: '' })).connect()
    expect(await whoami(door, second.accessToken)).toBe('you are Ada')
  })

  test('another key takes its place for every client of this person, and a session begun with the former goes on as a new one', async () => {
    const first = await given('ada', 'k-ada1')
    const opened = await callMcp(door, first.accessToken, {
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
    })
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
    expect(await whoami(door, first.accessToken, session)).toBe('you are Ada')
    const second = await (await (await first.person.ask()).answer({ [field]: 'k-ada2' })).connect()
    expect(await whoami(door, second.accessToken)).toBe('you are Ada again')
    expect(await whoami(door, first.accessToken, session)).toBe('you are Ada again')
    const other = (await door.storage.listCredentials({}, 10)).length
    expect(other).toBe(1)
  })

  test('[CC-14] one that the server refuses one day is HTTP 401, no refresh hides it, and the page asks for another', async () => {
    const { person, accessToken, refreshToken, clientId } = await given('ada', 'k-ada1')
    server.keys.delete('k-ada1')
    const refused = await callMcp(door, accessToken, { id: 1, method: 'tools/list' })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toMatch(/error="invalid_token"/)
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
    expect((await token(door, fields)).body.error).toBe('invalid_grant')
    // It works again at the server, and yet nobody said that it is to be used.
    server.keys.set('k-ada1', 'Ada')
    expect(await whoami(door, accessToken)).toBe(401)

    const page = await person.ask()
    expect(page.html).toContain('not accepted any more')
    expect(page.html).toMatch(/name="credential_field_key"[^>]* required/)
    expect((await page.answer({ [field]: '' })).status).toBe(400)
    const again = await (await page.answer({ [field]: 'k-ada2' })).connect()
    expect(await whoami(door, again.accessToken)).toBe('you are Ada again')
  })

  test('one that is removed opens nothing from that moment on', async () => {
    const { accessToken, refreshToken, clientId } = await given('ada', 'k-ada1')
    const userId = (await door.storage.findUserByName('ada'))?.userId ?? ''
    await door.storage.removeCredential(userId, '/mcp')
    expect(await whoami(door, accessToken)).toBe(401)
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
    expect((await token(door, fields)).body.error).toBe('invalid_grant')
  })

  test('people who have none are 401, also with a grant from the time before it was asked for', async () => {
    const before = await openDoor({ connector: { name: 'Example', upstream: server.upstream } })
    const ada = await visitor(before, 'ada')
    const { accessToken } = await (await (await ada.ask()).answer({})).connect()
    const now = await openDoor({
      storage: before.storage,
      connector: { name: 'Example', upstream: server.upstream, credential: ownKey() },
    })
    expect(await whoami(now, accessToken)).toBe(401)
  })
})

describe('two people', () => {
  test('who paste, list and call at the same time never see each other’s account', async () => {
    const names = ['Ada', 'Bob', 'Cleo', 'Dan']
    for (const name of names) server.keys.set(`k-${name.toLowerCase()}9`, name)
    const people = await Promise.all(names.map((name) => visitor(door, name.toLowerCase())))
    const pages = await Promise.all(people.map((person) => person.ask()))
    const answers = await Promise.all(
      pages.map((page, at) => page.answer({ [field]: `k-${names[at]?.toLowerCase()}9` })),
    )
    const tokens = await Promise.all(answers.map((answer) => answer.connect()))
    const rounds = Array.from({ length: 100 }, (_, index) => index % names.length)
    const said = await Promise.all(rounds.map((at) => whoami(door, tokens[at]?.accessToken ?? '')))
    expect(said).toEqual(rounds.map((at) => `you are ${names[at]}`))
  })

  test('a page that was shown to one of them keeps nothing for the other who signed in meanwhile', async () => {
    const ada = await visitor(door, 'ada')
    const page = await ada.ask()
    // In another tab of the same browser.
    const bob = await visitor(door, 'bob')
    for (const [name, value] of bob.browser.cookies)
      if (name.includes('postern') && !name.includes('flow')) ada.browser.cookies.set(name, value)
    const answer = await page.answer({ [field]: 'k-ada1' })
    expect(answer.status).toBe(409)
    expect(answer.html).toContain('bob')
    expect(await door.storage.listCredentials({}, 10)).toEqual([])
  })
})
