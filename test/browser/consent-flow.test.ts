/** A person in a real browser before the real door: the setup link, sign-in, consent, and the way back to the client, under the pages' own policy. */

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CallbackListener, startCallbackListener } from '../interop/loopback.ts'
import { beginAuthorization, type PlainTokens } from '../interop/plain-sign-in.ts'
import { type PosternProcess, referenceServer, startPostern } from '../interop/postern-process.ts'
import { isWhole } from '../whole.ts'
import { startBrowser, type TestBrowser } from './chromium.ts'

const account = { username: 'ada', password: 'correct horse battery' }
const claudeCallback = 'https://claude.ai/api/mcp/auth_callback'

let browser: TestBrowser
let listener: CallbackListener
beforeAll(async () => {
  ;[browser, listener] = await Promise.all([startBrowser(), startCallbackListener()])
})
afterAll(async () => {
  await Promise.all([browser.close(), listener.close()])
})

describe.each([
  ['with script', true],
  ['without script', false],
])('%s', (_, javaScript) => {
  let door: PosternProcess
  let page: Page
  /** What the browser wrote into its console: a page that breaks its own policy is heard here. */
  const complaints: string[] = []
  /** Every address that a navigation was begun to, schemes that no browser can open included. */
  const asked: URL[] = []

  beforeAll(async () => {
    door = await startPostern({ command: referenceServer })
    page = await browser.newPage({ javaScript })
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    const session = await page.context().newCDPSession(page)
    await session.send('Network.enable')
    session.on('Network.requestWillBeSent', ({ request, type }) => {
      if (type === 'Document') asked.push(new URL(request.url))
    })
  })
  afterAll(async () => {
    await page.context().close()
    await door.stop()
  })

  test('the setup link makes the first account, once [HS-14]', async () => {
    const [, link = ''] = /^ {2}(http:\/\/\S+\/setup#\S+)$/m.exec(door.printed()) ?? []
    const token = new URL(link).hash.slice(1)
    await page.goto(link)
    // With script the page takes it over, and out of the address bar; without, the person pastes it.
    if (javaScript) expect(page.url()).toBe(`${door.origin}/setup`)
    else await page.locator('input[name="setup"]').fill(token)
    await expect(page.locator('input[name="setup"]').inputValue()).resolves.toBe(token)
    await page.locator('input[name="username"]').fill(account.username)
    await page.locator('input[name="password"]').fill(account.password)
    await page.locator('input[name="password_again"]').fill(account.password)
    await page.locator('form:has(input[name="setup"]) button').click()
    await page.waitForURL(`${door.origin}/`)
    const again = await page.goto(link.replace('#', '?again#'))
    expect(again?.status()).toBe(404)
    expect(await door.run(['users', 'list', '--json'])).toContain('"ada"')
    expectCleanConsole([`status of 404`])
  })

  test('whoever made the account is asked at once, and Approve leads to claude.ai with a code that opens the door [CC-09] [ASU-15]', async () => {
    const { redirect, tokens } = await connect(claudeCallback, () => press('approve'))
    expect(`${redirect.origin}${redirect.pathname}`).toBe(claudeCallback)
    expect(browser.atClaude.at(-1)?.href).toBe(redirect.href)
    expect(await page.textContent('body')).toContain('Back at Claude')
    expect(tokens?.scope).toBe('read write')
    expect(await callEcho(tokens)).toBe(200)
    expectCleanConsole()
  })

  // The default run shows without script only that the way is there.
  if (javaScript || isWhole) describeAnswers()

  /** Registers, opens the browser, lets the person act, and takes the answer to the token endpoint. */
  async function connect(
    redirectUri: string,
    act: () => Promise<void>,
  ): Promise<{ redirect: URL; tokens: PlainTokens | undefined }> {
    const authorization = await beginAuthorization(door.mcpUrl, { redirectUri })
    asked.length = 0
    await page.goto(authorization.url)
    await act()
    const redirect = await expect
      .poll(() => asked.findLast(({ origin }) => origin !== door.origin), PATIENCE)
      .toBeDefined()
      .then(() => asked.findLast(({ origin }) => origin !== door.origin) as URL)
    if (redirect.protocol !== 'claude:') await page.waitForURL(redirect.href)
    expect(redirect.searchParams.get('state')).toBe(authorization.state)
    expect(redirect.searchParams.get('iss')).toBe(door.origin)
    const code = redirect.searchParams.get('code')
    return { redirect, tokens: code === null ? undefined : await authorization.exchange(code) }
  }

  function button(decision: 'approve' | 'deny', at = page): ReturnType<Page['locator']> {
    return at.locator(`button[name="decision"][value="${decision}"]`)
  }

  function press(decision: 'approve' | 'deny', at = page): Promise<void> {
    return button(decision, at).click({ noWaitAfter: true })
  }

  /** Since the last call the browser complained of what is named, and of nothing else. */
  function expectCleanConsole(expected: readonly string[] = []): void {
    const said = complaints.splice(0)
    expect(said.filter((line) => !expected.some((part) => line.includes(part)))).toEqual([])
    expect(expected.filter((part) => !said.some((line) => line.includes(part)))).toEqual([])
  }

  const callEcho = (tokens: PlainTokens | undefined): Promise<number> => call(tokens, 'echo')

  /** The status of a call over a session of its own. */
  async function call(tokens: PlainTokens | undefined, name: string): Promise<number> {
    const post = (message: object, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(door.mcpUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          authorization: `Bearer ${tokens?.accessToken}`,
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      })
    const clientInfo = { name: 'consent-flow', version: '1' }
    const opened = await post({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
    })
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
    await opened.text()
    await (await post({ method: 'notifications/initialized' }, session)).text()
    const answer = await post(
      { id: 2, method: 'tools/call', params: { name, arguments: { message: 'x' } } },
      session,
    )
    const body = await answer.text()
    if (answer.status === 200) expect(body).toContain('Echo: x')
    return answer.status
  }

  function describeAnswers(): void {
    test('somebody else signs in first; the request survives it', async () => {
      await page.context().clearCookies()
      const { tokens } = await connect(claudeCallback, async () => {
        await page.locator('input[name="username"]').fill(account.username)
        await page.locator('input[name="password"]').fill(account.password)
        await page.locator('form:has(input[name="password"]) button').click()
        await press('approve')
      })
      expect(await callEcho(tokens)).toBe(200)
      expectCleanConsole()
    })

    test.each(['127.0.0.1', 'localhost'])(
      'Approve leads to a port of this machine: %s [RC-18]',
      async (host) => {
        const redirectUri = listener.redirectUri.replace('127.0.0.1', host)
        const { redirect, tokens } = await connect(redirectUri, () => press('approve'))
        expect(redirect.href.startsWith(`${redirectUri}?`)).toBe(true)
        expect(await page.textContent('body')).toContain('You can close this page')
        expect(await callEcho(tokens)).toBe(200)
        expectCleanConsole()
      },
    )

    test('Approve leads to an app on this device by its scheme', async () => {
      const { redirect, tokens } = await connect('claude://oauth/callback', () => press('approve'))
      expect(redirect.protocol).toBe('claude:')
      expect(await callEcho(tokens)).toBe(200)
      expectCleanConsole()
    })

    test('Deny leads back with access_denied and without a code', async () => {
      const { redirect } = await connect(claudeCallback, () => press('deny'))
      expect(redirect.searchParams.get('error')).toBe('access_denied')
      expect(redirect.searchParams.has('code')).toBe(false)
      expectCleanConsole()
    })

    test('a double click on Approve gives one code, and there is no second one behind the Back button', async () => {
      const before = count(door, 'consent.approved')
      const { tokens } = await connect(claudeCallback, () =>
        button('approve').dblclick({ noWaitAfter: true }),
      )
      await page.goBack()
      expect(await page.textContent('main')).toContain('answered already')
      expect(await button('approve').count()).toBe(0)
      expect(await callEcho(tokens)).toBe(200)
      expect(count(door, 'consent.approved') - before).toBe(1)
      expectCleanConsole(['status of 400'])
    })

    test('the same page in two tabs, approved in both at once, gives one code', async () => {
      const before = count(door, 'consent.approved')
      const twin = await page.context().newPage()
      const { redirect, tokens } = await connect(listener.redirectUri, async () => {
        await twin.goto(page.url())
        await Promise.all([press('approve'), press('approve', twin)])
      })
      await twin.waitForURL(redirect.href)
      expect(await callEcho(tokens)).toBe(200)
      expect(count(door, 'consent.approved') - before).toBe(1)
      await twin.close()
      expectCleanConsole()
    })

    test('what is unticked is not granted, and the door holds to it', async () => {
      const { tokens } = await connect(claudeCallback, async () => {
        await page.locator('input[name="scope"][value="write"]').uncheck()
        await press('approve')
      })
      expect(tokens?.scope).toBe('read')
      expect(await callEcho(tokens)).toBe(200)
      expect(await call(tokens, 'toggle-simulated-logging')).toBe(403)
      expectCleanConsole()
    })
  }
})

const PATIENCE = { interval: 20 }

function count(door: PosternProcess, name: string): number {
  return door.events().filter(({ event }) => event === name).length
}
