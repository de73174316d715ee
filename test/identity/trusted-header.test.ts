/** People whom a reverse proxy names: let in by the proxies that are listed, and by nobody else who sends that header. */

import { request as nodeRequest } from 'node:http'
import { describe, expect, test } from 'vitest'
import { startServer } from '../../src/app/node.ts'
import { localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { type TrustedHeaderOptions, trustedHeader } from '../../src/identity/providers/trusted-header.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'
import { authorizeUrl, type Browser, createBrowser, type Door, openDoor, pkce, register } from '../door.ts'
import { findFreePort } from '../interop/loopback.ts'

const proxy = '10.0.0.5'
const secret = 'a secret of more than thirty-two characters'
const options: TrustedHeaderOptions = {
  proxies: [proxy],
  userHeader: 'Remote-User',
  emailHeader: 'Remote-Email',
  nameHeader: 'Remote-Name',
  groupsHeader: 'Remote-Groups',
}

/** What stands in each request of the browser, and where it seems to come from; both may change on the way. */
interface Way {
  headers: Record<string, string>
  peerAddress: string | undefined
}

async function openHeaderDoor(changes: Partial<TrustedHeaderOptions> = {}, withLocal = false): Promise<Door> {
  const storage = memoryStorage()
  const header = trustedHeader({ ...options, ...changes })
  return openDoor({
    storage,
    identity: withLocal ? [localAccounts({ storage, argon2: cheapArgon2 }), header] : header,
  })
}

function browserBehind(door: Door, way: Way): Browser {
  return createBrowser(door.origin, (path, init = {}) => {
    const request = new Request(new URL(path, door.origin), { redirect: 'manual', ...init })
    request.headers.set('host', new URL(door.origin).host)
    for (const [name, value] of Object.entries(way.headers)) request.headers.append(name, value)
    return door.postern.fetch(request, { peerAddress: way.peerAddress })
  })
}

function wayOf(
  user: string,
  more: Record<string, string> = {},
  peerAddress: string | undefined = proxy,
): Way {
  return { headers: { 'remote-user': user, ...more }, peerAddress }
}

async function people(door: Door): Promise<string[]> {
  return (await door.storage.listUsers(10)).filter(({ outside }) => outside).map(({ username }) => username)
}

async function isSignedIn(browser: Browser): Promise<boolean> {
  return (await browser.get('/account')).status === 200
}

describe('whom a listed proxy names [HS-09]', () => {
  test('is in without a page of ours, and is asked before anything is connected [HS-11]', async () => {
    const door = await openHeaderDoor()
    const way = wayOf('grace', { 'remote-email': 'grace@example.com', 'remote-name': 'Grace Hopper' })
    const browser = browserBehind(door, way)
    const clientId = String((await register(door)).client_id)
    const { html } = await browser.openConsent(authorizeUrl(door, clientId, pkce().challenge))
    expect(html).toContain('Grace Hopper')
    expect(html).toContain('Approve')
    const [user] = (await door.storage.listUsers(10)).filter(({ outside }) => outside)
    expect(user).toMatchObject({
      displayName: 'Grace Hopper',
      role: 'member',
      passwordHash: undefined,
      outside: { provider: 'header', email: 'grace@example.com', groups: [] },
    })
    const steps = door.events.filter(({ name }) => name === 'login.succeeded' || name === 'consent.shown')
    expect(new Set(steps.map(({ flowId }) => flowId)).size).toBe(1)
  })

  test('is the same person whatever else the proxy says, and another where it names another', async () => {
    const door = await openHeaderDoor()
    const way = wayOf('grace', { 'remote-groups': 'staff, navy ,' })
    await browserBehind(door, way).get('/login')
    way.headers = { 'remote-user': 'grace', 'remote-name': 'G. Hopper', 'remote-groups': '' }
    await browserBehind(door, way).get('/login')
    expect(await people(door)).toHaveLength(1)
    way.headers = { 'remote-user': 'Grace' }
    await browserBehind(door, way).get('/login')
    expect(await people(door)).toHaveLength(2)
  })

  test('enters by the rules, with groups and an e-mail address to go by', async () => {
    const enter = { groups: ['staff'], domains: ['example.com'], admins: { groups: ['platform'] } }
    const door = await openHeaderDoor({ enter })
    const enters = async (more: Record<string, string>): Promise<boolean> =>
      isSignedIn(await signedIn(door, wayOf('grace', more)))
    const email = { 'remote-email': 'grace@example.com' }
    expect(await enters({ ...email, 'remote-groups': 'navy,staff' })).toBe(true)
    expect(await enters({ ...email, 'remote-groups': 'staff,platform' })).toBe(true)
    expect((await door.storage.listUsers(10)).find(({ outside }) => outside)?.role).toBe('admin')
    expect(await enters({ ...email, 'remote-groups': 'staffing' })).toBe(false)
    expect(await enters(email)).toBe(false)
    expect(await enters({ 'remote-email': 'grace@evil.example', 'remote-groups': 'staff' })).toBe(false)
    expect(await enters({ 'remote-email': 'x@evil.example,y@example.com', 'remote-groups': 'staff' })).toBe(
      false,
    )
    const page = await browserBehind(door, wayOf('eve')).get('/login')
    expect(page.status).toBe(403)
    expect(await page.text()).toContain('does not let that account in')
  })

  test('stands in for whoever the session was begun for, until the proxy names another', async () => {
    const door = await openHeaderDoor()
    const way = wayOf('grace')
    const browser = await signedIn(door, way)
    way.headers = {}
    expect(await isSignedIn(browser)).toBe(true)
    way.headers = { 'remote-user': 'eve' }
    const asked = await browser.get('/account')
    expect(asked.headers.get('location')).toBe('/login?then=%2Faccount')
    await browser.get('/login')
    way.headers = {}
    expect(await (await browser.get('/account')).text()).toContain('eve')
  })

  test('signs out there too where the operator says where', async () => {
    const door = await openHeaderDoor({ signOutUrl: 'https://auth.example/logout', label: 'Example SSO' })
    const browser = await signedIn(door, wayOf('grace'))
    const page = await (await browser.get('/account')).text()
    const csrf = /action="\/logout">.*?name="csrf" value="([^"]+)"/s.exec(page)?.[1] ?? ''
    const left = await (await browser.post('/logout', new URLSearchParams([['csrf', csrf]]))).text()
    expect(left).toContain('href="https://auth.example/logout"')
    expect(left).toContain('Example SSO')
  })

  test('may have a name in any script, as UTF-8', async () => {
    const door = await openHeaderDoor()
    const bytes = Buffer.from('Åsa Ek – 李').toString('latin1')
    const browser = await signedIn(door, wayOf('asa', { 'remote-name': bytes }))
    expect(await (await browser.get('/account')).text()).toContain('Åsa Ek – 李')
  })
})

describe('who is not believed [HS-09] [HS-12]', () => {
  test.each<[string, Way]>([
    ['a browser that asks without the proxy', wayOf('grace', {}, '203.0.113.9')],
    ['a program of this machine', wayOf('grace', {}, '127.0.0.1')],
    ['a program of this machine, over IPv6', wayOf('grace', {}, '::1')],
    ['a neighbour of the proxy', wayOf('grace', {}, '10.0.0.6')],
    [
      'somebody who says that a proxy stood before them',
      wayOf(
        'grace',
        { 'x-forwarded-for': proxy, forwarded: `for=${proxy}`, 'x-real-ip': proxy },
        '203.0.113.9',
      ),
    ],
    ['a runtime that does not tell the address', { ...wayOf('grace'), peerAddress: undefined }],
    ['an address that is none', wayOf('grace', {}, '10.0.0.5, 203.0.113.9')],
    ['the proxy that adds to what it was sent', wayOf('eve, grace')],
    ['the proxy that names nobody', wayOf('')],
    ['the proxy with a name of blanks', wayOf('   ')],
    ['the proxy with a name without an end', wayOf('x'.repeat(257))],
  ])('%s', async (_, way) => {
    const door = await openHeaderDoor()
    const browser = browserBehind(door, way)
    const page = await browser.get('/login')
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('signs you in, before you get to this page')
    expect(await isSignedIn(browser)).toBe(false)
    expect(await people(door)).toEqual([])
    expect(door.events.find(({ name }) => name === 'login.failed')).toMatchObject({
      code: 'header',
      reason: expect.stringContaining('remote-user'),
    })
  })

  test('nor is a header of another name, or none', async () => {
    const door = await openHeaderDoor()
    for (const headers of [{}, { remote_user: 'grace' }, { 'x-remote-user': 'grace' }]) {
      const browser = browserBehind(door, { headers, peerAddress: proxy })
      await browser.get('/login')
      expect(await isSignedIn(browser)).toBe(false)
    }
    expect(door.events.filter(({ name }) => name === 'login.failed')).toEqual([])
  })

  test('a proxy of the same machine proves itself by a secret', async () => {
    const door = await openHeaderDoor({ proxies: ['127.0.0.1'], secretHeader: 'Proxy-Proof', secret })
    for (const proof of [undefined, '', secret.slice(1), `${secret}x`]) {
      const headers = proof === undefined ? {} : { 'proxy-proof': proof }
      expect(await isSignedIn(await signedIn(door, wayOf('grace', headers, '127.0.0.1')))).toBe(false)
    }
    const proof = { 'proxy-proof': secret }
    expect(await isSignedIn(await signedIn(door, wayOf('grace', proof, '127.0.0.1')))).toBe(true)
    expect(await isSignedIn(await signedIn(door, wayOf('grace', proof, '10.0.0.5')))).toBe(false)
    expect(JSON.stringify(door.events)).not.toContain(secret)
  })

  test('a session of a local account stands beside it, and the form does too', async () => {
    const door = await openHeaderDoor({}, true)
    const way: Way = { headers: {}, peerAddress: '203.0.113.9' }
    const browser = browserBehind(door, way)
    const clientId = String((await register(door)).client_id)
    await browser.openConsent(authorizeUrl(door, clientId, pkce().challenge))
    expect(await isSignedIn(browser)).toBe(true)
    Object.assign(way, wayOf('grace'))
    expect(await (await browser.get('/account')).text()).toContain('Ada')
  })

  test('of a header that comes twice over a real socket, neither counts', async () => {
    const port = await findFreePort()
    const storage = memoryStorage()
    const door = await openDoor({
      storage,
      publicUrl: `http://localhost:${port}`,
      identity: trustedHeader({ ...options, proxies: ['127.0.0.1'], secretHeader: 'Proxy-Proof', secret }),
    })
    const server = await startServer({ port, fetch: door.postern.fetch })
    const ask = (headers: string[]): Promise<number> =>
      new Promise((resolve, reject) => {
        const host = ['host', `localhost:${port}`, 'proxy-proof', secret, 'accept', 'text/html']
        nodeRequest({ host: '127.0.0.1', port, path: '/login', headers: [...host, ...headers] as never })
          .on('response', (response) => resolve(response.resume().statusCode ?? 0))
          .on('error', reject)
          .end()
      })
    try {
      expect(await ask(['remote-user', 'grace'])).toBe(303)
      expect(await ask(['remote-user', 'eve', 'Remote-User', 'grace'])).toBe(200)
      expect(await ask(['REMOTE-USER', 'grace', 'remote-user', 'grace'])).toBe(200)
      expect(await people(door)).toHaveLength(1)
    } finally {
      await server.close(0)
      await door.postern.close()
    }
  })
})

describe('it does not start [HS-09] [HS-12]', () => {
  test.each<[string, Partial<TrustedHeaderOptions>, RegExp]>([
    ['without a listed proxy', { proxies: [] }, /proxies is empty/],
    ['with a name for an address', { proxies: ['proxy.internal'] }, /not an address/],
    ['with a network that is none', { proxies: ['10.0.0.5/8'] }, /not an address/],
    ['with everybody for a proxy', { proxies: ['0.0.0.0/0'] }, /every address/],
    ['with everybody of IPv6 for a proxy', { proxies: ['::/0'] }, /every address/],
    ['with a loopback address and no secret', { proxies: ['127.0.0.1'] }, /loopback/],
    ['with the loopback address of IPv6 and no secret', { proxies: ['::1'] }, /loopback/],
    ['with a range that holds a loopback address', { proxies: ['127.0.0.0/8'] }, /loopback/],
    ['with half of all addresses, a loopback address among them', { proxies: ['0.0.0.0/1'] }, /loopback/],
    ['with the mapped loopback address', { proxies: ['::ffff:127.0.0.1'] }, /loopback/],
    ['with a short secret', { secretHeader: 'Proxy-Proof', secret: 'short' }, /shorter than 32/],
    ['with a secret and no header for it', { secret }, /belong together/],
    ['with a header for a secret that is not there', { secretHeader: 'Proxy-Proof' }, /belong together/],
    ['with a name that no header can have', { userHeader: 'Remote User' }, /not the name of a header/],
    ['with a header that browsers fill', { userHeader: 'Authorization' }, /something else already/],
    ['with a place to sign out that is none', { signOutUrl: 'javascript:alert(1)' }, /not a web address/],
    ['with a name that stands in addresses of ours', { name: 'passkey' }, /cannot name a provider/],
  ])('%s', (_, changes, says) => {
    expect(() => trustedHeader({ ...options, ...changes })).toThrow(says)
  })
})

async function signedIn(door: Door, way: Way): Promise<Browser> {
  const browser = browserBehind(door, way)
  await browser.get('/login')
  return browser
}
