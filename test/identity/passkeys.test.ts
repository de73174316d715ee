/** Passkeys through the whole door: added, used, removed, and every way in which one must not let anybody in. */

import { describe, expect, test } from 'vitest'
import { createPostern } from '../../src/app/postern.ts'
import { localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { passkeys } from '../../src/identity/providers/passkeys.ts'
import { trustedHeader } from '../../src/identity/providers/trusted-header.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'
import {
  account,
  authorizeUrl,
  type Browser,
  createBrowser,
  type Door,
  notesUpstream,
  openDoor,
  pkce,
  register,
} from '../door.ts'
import { createPasskey, type Faults, usePasskey } from './authenticator.ts'
import {
  addPasskey,
  formFor,
  keepPath,
  openPasskeyDoor,
  openWithPasskey,
  signInByPasskey,
  signInByPassword,
} from './passkey-visitor.ts'

async function isSignedIn(browser: Browser): Promise<boolean> {
  return (await browser.get('/account')).status === 200
}

function reasons(door: Door): unknown[] {
  return door.events.filter(({ name }) => name === 'login.failed').map(({ reason }) => reason)
}

describe('passkeys', () => {
  test('one is added, named, used in another browser without a name or password, and removed', async () => {
    const { door, ada, passkey } = await openWithPasskey()
    expect(await (await ada.get(`${keepPath}?done=added`)).text()).toContain('The passkey was added')
    const other = door.browser()
    const { answer } = await signInByPasskey(door, other, passkey)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    expect(await isSignedIn(other)).toBe(true)

    const page = await (await other.get(keepPath)).text()
    expect(page).toMatch(/<bdi>My phone<\/bdi>/)
    expect(page).toContain('Last used')
    const removal = formFor(page, keepPath, 'remove')
    await other.post(keepPath, removal.fields)
    const late = door.browser()
    expect((await signInByPasskey(door, late, passkey)).answer.status).toBe(403)
    expect(await isSignedIn(late)).toBe(false)
    expect(door.events.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['passkey.added', 'login.succeeded', 'passkey.removed']),
    )
    expect(reasons(door)).toEqual(['an unknown passkey'])
  })

  test('with one that is removed every browser is signed out but the one at hand, which gets another session', async () => {
    const { door, ada, passkey } = await openWithPasskey()
    const thief = door.browser()
    await signInByPasskey(door, thief, passkey)
    const stolen = new Map(ada.cookies)
    const nothing = formFor(await (await ada.get(keepPath)).text(), keepPath, 'remove')
    nothing.fields.set('id', 'AAAA')
    await ada.post(keepPath, nothing.fields)
    expect(await isSignedIn(thief)).toBe(true)

    const { fields } = formFor(await (await ada.get(keepPath)).text(), keepPath, 'remove')
    const { status, headers } = await ada.post(keepPath, fields)
    expect([status, headers.get('location')]).toEqual([303, `${keepPath}?done=removed`])
    expect(await isSignedIn(ada)).toBe(true)
    expect(await isSignedIn(thief)).toBe(false)
    const copy = door.browser()
    for (const [name, value] of stolen) copy.cookies.set(name, value)
    expect(await isSignedIn(copy)).toBe(false)
  })

  test('it leads on to the request that a client made, in its flow', async () => {
    const { door, passkey } = await openWithPasskey()
    const browser = door.browser()
    const clientId = String((await register(door)).client_id)
    const asked = await browser.get(authorizeUrl(door, clientId, pkce().challenge))
    const login = await browser.get(asked.headers.get('location') ?? '')
    const signIn = await (login.status === 303
      ? browser.get(login.headers.get('location') ?? '')
      : Promise.resolve(login))
    const { fields, options } = formFor(await signIn.text(), '/login/passkey')
    fields.set('passkey', usePasskey(passkey, options, door.origin))
    const answer = await browser.post('/login/passkey', fields)
    const consent = await browser.get(answer.headers.get('location') ?? '')
    expect(await consent.text()).toContain('asks to use')
    const flowOf = (event: string): string | undefined =>
      door.events.findLast(({ name }) => name === event)?.flowId
    expect(flowOf('login.succeeded')).toBe(flowOf('authorize.started') ?? flowOf('consent.shown'))
  })

  test.each<[string, Faults, string]>([
    ['signed for another site', { origin: 'https://evil.example' }, 'a signature that is not right'],
    ['of another name', { rpId: 'evil.example' }, 'a signature that is not right'],
    ['for another challenge', { challenge: 'AAAA' }, 'a signature that is not right'],
    ['with a signature that is not its own', { isForged: true }, 'a signature that is not right'],
    [
      'of a device at which nobody proved to be its owner',
      { isUnverified: true },
      'a signature that is not right',
    ],
    ['that says it is somebody else’s', { userHandle: 'dXNyX2Jvcg' }, 'a passkey of somebody else'],
    ['that does not say whose it is', { userHandle: '' }, 'a passkey of somebody else'],
    ['that counted back', { counter: 4 }, 'a passkey that was copied'],
    ['that did not count on', { counter: 5 }, 'a passkey that was copied'],
  ])('one %s lets nobody in', async (_, faults, reason) => {
    const { door, passkey } = await openWithPasskey({ counter: 5 })
    const thief = door.browser()
    const { answer } = await signInByPasskey(door, thief, passkey, faults)
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('This passkey could not be used here')
    expect(await isSignedIn(thief)).toBe(false)
    expect(reasons(door)).toEqual([reason])
    // The owner is not locked out by it.
    passkey.counter = 9
    expect((await signInByPasskey(door, door.browser(), passkey)).answer.status).toBe(303)
  })

  test('an answer is good once, in the browser that was asked, and for ten minutes', async () => {
    const { door, passkey } = await openWithPasskey()
    const browser = door.browser()
    const { fields } = await signInByPasskey(door, browser, passkey)
    expect((await browser.post('/login/passkey', fields)).status).toBe(403)

    const stolen = await (await door.browser().get('/login')).text()
    const { fields: theirs, options } = formFor(stolen, '/login/passkey')
    theirs.set('passkey', usePasskey(passkey, options, door.origin))
    const thief = door.browser()
    const own = formFor(await (await thief.get('/login')).text(), '/login/passkey')
    theirs.set('csrf', own.fields.get('csrf') ?? '')
    expect((await thief.post('/login/passkey', theirs)).status).toBe(403)

    const late = door.browser()
    const page = formFor(await (await late.get('/login')).text(), '/login/passkey')
    page.fields.set('passkey', usePasskey(passkey, page.options, door.origin))
    door.clock.now += 601
    expect((await late.post('/login/passkey', page.fields)).status).toBe(403)
    expect(reasons(door)).toEqual([
      'an answer of before',
      'a signature that is not right',
      'a signature that is not right',
    ])
  })

  test('strangers who ask for challenges fill nothing', async () => {
    const storage = memoryStorage()
    const wrote: string[] = []
    const watched = {
      ...storage,
      saveDetour: (record: never) => {
        wrote.push('detour')
        return storage.saveDetour(record)
      },
      takeUniqueId: (id: never, maximum: number, now: number) => {
        wrote.push('unique id')
        return storage.takeUniqueId(id, maximum, now)
      },
    }
    const door = await openDoor({
      storage: watched,
      identity: [localAccounts({ storage, argon2: cheapArgon2 }), passkeys()],
    })
    const seen = new Set<string>()
    for (let count = 0; count < 20; count++) {
      const page = await (await door.browser().get('/login')).text()
      seen.add((formFor(page, '/login/passkey').options as { challenge: string }).challenge)
    }
    expect(seen.size).toBe(20)
    expect(wrote).toEqual([])
  })

  test('of ten that arrive at once with one answer, one gets in', async () => {
    const { door, passkey } = await openWithPasskey()
    const browser = door.browser()
    const { fields, options } = formFor(await (await browser.get('/login')).text(), '/login/passkey')
    fields.set('passkey', usePasskey(passkey, options, door.origin))
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => browser.post('/login/passkey', fields)),
    )
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
  })

  test.each<[string, Faults]>([
    ['for another site', { origin: 'https://evil.example' }],
    ['for another name', { rpId: 'evil.example' }],
    ['for another challenge', { challenge: 'AAAA' }],
    ['on a device that does not ask for its owner', { isUnverified: true }],
  ])('one that was made %s is not added', async (_, faults) => {
    const door = await openPasskeyDoor()
    const ada = door.browser()
    await signInByPassword(ada)
    const { passkey, answer } = await addPasskey(door, ada, faults)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('The passkey was not added')
    expect((await signInByPasskey(door, door.browser(), passkey)).answer.status).toBe(403)
  })

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"id":5}',
    '{"id":"x"}',
    '{"id":"x","response":{"userHandle":"%"}}',
    '{"id":"a\\u0000b","response":{"userHandle":"YQ"}}',
  ])('nonsense in its place is refused: %s', async (nonsense) => {
    const { door, ada } = await openWithPasskey()
    const browser = door.browser()
    const { fields } = formFor(await (await browser.get('/login')).text(), '/login/passkey')
    fields.set('passkey', nonsense)
    expect((await browser.post('/login/passkey', fields)).status).toBe(403)
    const added = formFor(await (await ada.get(keepPath)).text(), keepPath, 'add')
    added.fields.set('passkey', nonsense)
    expect((await ada.post(keepPath, added.fields)).status).toBe(400)
  })

  test('a page of one person adds nothing to another who signs in meanwhile', async () => {
    const { door, ada } = await openWithPasskey()
    const page = formFor(await (await ada.get(keepPath)).text(), keepPath, 'add')
    page.fields.set('passkey', createPasskey(page.options, door.origin).response)
    const bob = { ...((await door.storage.listUsers(1))[0] as never as object), userId: 'usr_bob' }
    await door.storage.createUser({ ...bob, username: 'bob', displayName: 'Bob' } as never)
    const session = await signInAgainAs(door, ada, 'bob')
    expect(session.status).toBe(303)
    expect((await ada.post(keepPath, page.fields)).status).toBe(403)
    expect(await door.storage.listPasskeys('usr_bob')).toEqual([])
  })

  test('nobody keeps passkeys without signing in, from elsewhere, or of somebody else', async () => {
    const { door, ada, passkey } = await openWithPasskey()
    const stranger = await door.browser().get(keepPath)
    expect(stranger.headers.get('location')).toBe(`/login?then=${encodeURIComponent(keepPath)}`)
    const { fields } = formFor(await (await ada.get(keepPath)).text(), keepPath, 'remove')
    expect((await ada.post(keepPath, fields, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    await door.storage.createUser({
      userId: 'usr_bob',
      username: 'bob',
      displayName: 'Bob',
      role: 'member',
      passwordHash: (await door.storage.findUserByName(account.username))?.passwordHash,
      createdAt: door.clock.now,
    })
    const bob = door.browser()
    await signInAgainAs(door, bob, 'bob')
    const page = formFor(await (await bob.get(keepPath)).text(), keepPath, 'codes')
    page.fields.set('act', 'remove')
    page.fields.set('id', passkey.id)
    await bob.post(keepPath, page.fields)
    expect((await signInByPasskey(door, door.browser(), passkey)).answer.status).toBe(303)
  })

  test('a person has twenty at most', async () => {
    const { door, ada } = await openWithPasskey()
    for (let count = 1; count < 20; count++) expect((await addPasskey(door, ada)).answer.status).toBe(303)
    const full = await (await ada.get(keepPath)).text()
    expect(() => formFor(full, keepPath, 'add')).toThrow('no form')
  })

  test('browsers have none of them at an address, and people elsewhere have none: both is said at the start', () => {
    const storage = memoryStorage()
    const open = (publicUrl: string) => () =>
      createPostern({
        publicUrl,
        storage,
        masterKey: new Uint8Array(32).fill(7),
        connector: { name: 'Notes', upstream: notesUpstream() },
        identity: [localAccounts({ storage, argon2: cheapArgon2 }), passkeys()],
      })
    expect(open('https://203.0.113.5')).toThrow('passkeys')
    expect(open('http://127.0.0.1:8787')).toThrow('passkeys')
    expect(() =>
      createPostern({
        publicUrl: 'https://door.example',
        storage,
        masterKey: new Uint8Array(32).fill(7),
        connector: { name: 'Notes', upstream: notesUpstream() },
        identity: passkeys(),
      }),
    ).toThrow('add localAccounts')
  })
})

test('every page leads its owner there, and nobody who signs in elsewhere', async () => {
  const storage = memoryStorage()
  const proxy = trustedHeader({ proxies: ['10.0.0.5'], userHeader: 'Remote-User' })
  const door = await openDoor({
    storage,
    identity: [localAccounts({ storage, argon2: cheapArgon2 }), passkeys(), proxy],
  })
  const ada = door.browser()
  const link = `<a href="${keepPath}">Passkeys</a>`
  expect(await (await ada.get('/')).text()).not.toContain(link)
  await signInByPassword(ada)
  for (const path of ['/', '/account']) expect(await (await ada.get(path)).text()).toContain(link)
  expect(await (await ada.get(keepPath)).text()).toContain('href="/account"')

  const grace = createBrowser(door.origin, (path, init = {}) => {
    const request = new Request(new URL(path, door.origin), { redirect: 'manual', ...init })
    request.headers.set('host', new URL(door.origin).host)
    request.headers.set('remote-user', 'grace')
    return door.postern.fetch(request, { peerAddress: '10.0.0.5' })
  })
  await grace.get('/login')
  expect(await (await grace.get('/account')).text()).not.toContain(link)
  const there = await grace.get(keepPath)
  expect([there.status, there.headers.get('location')]).toEqual([303, '/'])
})

test('where passkeys are off there is no trace of them', async () => {
  const door = await openDoor()
  const browser = door.browser()
  const page = await (await browser.get('/login')).text()
  expect(page).not.toMatch(/data-passkey|Sign in with a passkey|recovery code/i)
  for (const path of [keepPath, '/login/recovery', '/login/passkey'])
    expect((await browser.get(path)).status).toBe(404)
  await signInByPassword(browser)
  expect(await (await browser.get('/account')).text()).not.toContain(keepPath)
})

async function signInAgainAs(door: Door, browser: Browser, username: string): Promise<Response> {
  browser.cookies.delete([...browser.cookies.keys()].find((name) => !name.includes('flow')) ?? '')
  const { fields } = formFor(await (await browser.get('/login')).text(), '/login')
  fields.set('username', username)
  fields.set('password', account.password)
  expect(door.origin).toBeDefined()
  return browser.post('/login', fields)
}
