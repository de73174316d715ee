/** Signing in, in a real browser: with a password that is wrong at first, at a provider elsewhere, on a page that was open for too long, and over plain http in a network of one's own. */

import type { Page, Request as PageRequest } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { PosternOptions } from '../../src/app/postern.ts'
import { localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { oidc } from '../../src/identity/providers/oidc.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { account, authorizeUrl, callMcp, claudeCallback, pkce, register, token } from '../door.ts'
import { relyingParty, startOpenIdProvider } from '../identity/openid-provider.ts'
import { findFreePort } from '../interop/loopback.ts'
import { lanName, startBrowser, type TestBrowser } from './chromium.ts'
import { type ServedDoor, serveDoor } from './served-door.ts'

let browser: TestBrowser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

async function serve(options: Partial<PosternOptions> = {}): Promise<ServedDoor> {
  const door = await serveDoor(options)
  onTestFinished(door.close)
  return door
}

interface Visit {
  page: Page
  /** What the browser wrote into its console: a page that breaks its own policy is heard here. */
  complaints: string[]
}

async function openPage(javaScript = true): Promise<Visit> {
  const page = await browser.newPage({ javaScript })
  onTestFinished(() => page.context().close())
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  return { page, complaints }
}

interface Asking {
  url: string
  /** From the address at which the browser came back, the scopes of a token that opens the door. */
  redeem(redirect: URL): Promise<string>
}

/** A client that wants to connect. */
async function ask(door: ServedDoor): Promise<Asking> {
  const clientId = String((await register(door)).client_id)
  const { verifier, challenge } = pkce()
  return {
    url: authorizeUrl(door, clientId, challenge),
    async redeem(redirect) {
      const { status, body } = await token(door, {
        grant_type: 'authorization_code',
        code: redirect.searchParams.get('code') ?? '',
        client_id: clientId,
        code_verifier: verifier,
        redirect_uri: claudeCallback,
        resource: door.mcpUrl,
      })
      expect(status).toBe(200)
      const called = await callMcp(door, String(body.access_token), { id: 1, method: 'tools/list' })
      expect(called.status).toBe(200)
      return String(body.scope)
    },
  }
}

async function fillIn(page: Page, password: string = account.password): Promise<void> {
  await page.getByLabel('User name').fill(account.username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function approve(page: Page): Promise<URL> {
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.waitForURL(/^https:\/\/claude\.ai\//)
  return new URL(page.url())
}

test.each([true, false])(
  'a wrong password is told once and asked for again, and the request survives it (script: %s)',
  async (javaScript) => {
    const door = await serve()
    const { page, complaints } = await openPage(javaScript)
    const { url, redeem } = await ask(door)
    await page.goto(url)
    await fillIn(page, 'not the password')
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('do not go together')
    expect(await page.getByLabel('User name').inputValue()).toBe(account.username)
    expect(await page.getByLabel('Password').inputValue()).toBe('')
    const focused = page.locator('input:focus')
    expect(await focused.getAttribute('name')).toBe('password')
    await fillIn(page)
    expect(await redeem(await approve(page))).toBe('read write')
    expect(complaints.filter((line) => !line.includes('status of 403'))).toEqual([])
  },
)

test('guesses are slowed down, and the page says for how long', async () => {
  const door = await serve()
  const { page } = await openPage()
  await page.goto(`${door.origin}/login`)
  for (let guess = 0; guess < 10; guess++) await fillIn(page, `guess ${guess}`)
  await fillIn(page)
  await page.getByText('Too many sign-ins have failed').waitFor()
  expect(await page.getByRole('alert').textContent()).toContain('15 minutes')
  door.clock.now += 901
  await fillIn(page)
  await page.waitForURL(`${door.origin}/`)
})

test('people sign in at a provider of theirs, are asked here, and come back after they changed their mind there [HS-11]', async () => {
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const provider = await startOpenIdProvider(origin)
  provider.people.grace = { name: 'Grace Hopper', email: 'grace@example.com', email_verified: true }
  const storage = memoryStorage()
  const elsewhere = oidc({ label: 'Example SSO', issuer: provider.issuer, ...relyingParty })
  const door = await serve({ publicUrl: origin, storage, identity: [localAccounts({ storage }), elsewhere] })
  const { page, complaints } = await openPage()
  const { url, redeem } = await ask(door)

  await page.goto(url)
  await page.getByRole('link', { name: 'Sign in with Example SSO' }).click()
  await page.waitForURL((at) => at.origin === provider.issuer)
  await page.getByRole('link', { name: /cancel/i }).click()
  await page.getByRole('alert').waitFor()
  expect(await page.getByRole('alert').textContent()).toBe('You did not sign in at Example SSO.')

  await page.getByRole('link', { name: 'Sign in with Example SSO' }).click()
  await page.locator('input[name="login"]').fill('grace')
  await page.locator('input[name="password"]').fill('any')
  await page.locator('button[type="submit"]').click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: /asks to use/ }).waitFor()
  expect(new URL(page.url()).origin).toBe(origin)
  expect(await page.locator('.visitor, main').first().textContent()).toContain('Grace Hopper')
  const redirect = await approve(page)
  expect(redirect.searchParams.get('iss')).toBe(origin)
  expect(await redeem(redirect)).toBe('read write')
  // The way back is spent; going there again lets nobody in anew and breaks nothing.
  await page.goBack()
  expect(await page.textContent('main')).toContain('answered already')
  // The provider's own pages ask for a font that nobody has here.
  expect(complaints.filter((line) => !/status of 40[03]|ERR_NAME_NOT_RESOLVED/.test(line))).toEqual([])
})

test('a page that was open for too long says so, and what to do', async () => {
  const door = await serve()
  const { page } = await openPage()
  const { url } = await ask(door)
  await page.goto(url)
  // The browser was closed meanwhile, or its cookies were cleared.
  await page.context().clearCookies()
  await fillIn(page)
  await page.getByText('This page had been open for too long').waitFor()
  expect(await page.getByLabel('User name').inputValue()).toBe(account.username)
  await page.goto(url)
  await fillIn(page)
  await page.getByRole('button', { name: 'Approve' }).waitFor()
  door.clock.now += 3600
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  const says = await page.textContent('main')
  expect(says).toMatch(/too long|expired|waited/i)
  expect(says).toMatch(/connect/i)
  expect(new URL(page.url()).origin).toBe(door.origin)
})

test('over plain http under a name of a LAN, where Chromium does not say Sec-Fetch-Site, signing in and approving work', async () => {
  const port = await findFreePort()
  const host = `${lanName}:${port}`
  const door = await serve({ publicUrl: `http://localhost:${port}`, additionalHosts: [host] })
  const { page, complaints } = await openPage()
  const posts: PageRequest[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') posts.push(request)
  })
  const { url, redeem } = await ask(door)
  const there = new URL(url)
  there.host = host
  await page.goto(there.href)
  await fillIn(page)
  expect(await redeem(await approve(page))).toBe('read write')
  expect(posts).toHaveLength(2)
  for (const post of posts) {
    const headers = await post.allHeaders()
    expect([headers.origin, headers['sec-fetch-site']]).toEqual([`http://${host}`, undefined])
  }
  expect(complaints).toEqual([])
  // A name that nobody listed is no name of ours.
  const unlisted = await serve({ publicUrl: `http://localhost:${await findFreePort()}` })
  const refused = await page.goto(unlisted.origin.replace('localhost', lanName))
  expect(refused?.status()).toBe(421)
})
