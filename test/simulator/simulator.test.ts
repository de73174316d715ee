// The simulator page in a real browser, and its guard: token, Host, Origin, and no private address that was typed into the page.

import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SimulatorServer, startSimulator } from '../../src/app/cli/doctor-ui.ts'
import * as surfaces from '../../src/client/surfaces/index.ts'
import { screenshot, startBrowser, type TestBrowser } from '../browser/chromium.ts'
import { createLab, type Lab, user } from '../doctor/lab/lab.ts'
import { closeServed, served } from '../doctor/served.ts'
import { isWhole } from '../whole.ts'

let lab: Lab
let other: Lab
let simulator: SimulatorServer
let browser: TestBrowser

beforeAll(async () => {
  lab = await served(createLab())
  other = await served(createLab())
  simulator = await startSimulator({
    url: lab.url,
    surfaces: Object.values(surfaces),
    allowsPrivateAddresses: false,
    port: 0,
  })
  browser = await startBrowser()
})

afterAll(async () => {
  closeServed()
  await Promise.all([simulator.close(), browser.close()])
})

describe('the guard', () => {
  const send = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(new URL(path, simulator.address), { redirect: 'manual', ...init })

  test('nothing without the token [HS-15]', async () => {
    for (const path of ['/', '/simulator', '/simulator/', '/simulator/guessed', `${simulator.address}x`])
      expect((await send(path)).status).toBe(404)
    expect((await send(simulator.address)).status).toBe(200)
  })

  test.each([['http://evil.example'], ['null'], [undefined]])('no form from %s [HS-15]', async (origin) => {
    const headers = origin === undefined ? {} : { Origin: origin }
    const answer = await send(`${simulator.address}/add`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ url: lab.url, client: 'claude-hosted' }),
    })
    expect(answer.status).toBe(403)
  })

  test('no name but that of this machine (DNS rebinding) [HS-15]', async () => {
    const { request } = await import('node:http')
    const { hostname, port, pathname } = new URL(simulator.address)
    const status = await new Promise((resolve) => {
      request(
        { host: hostname, port, path: pathname, headers: { Host: `evil.example:${port}` } },
        (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        },
      ).end()
    })
    expect(status).toBe(421)
  })

  test('a page is framed by nobody and kept nowhere', async () => {
    const { headers } = await send(simulator.address)
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('as a person', () => {
  test('a private address that was not typed in the terminal is not asked [HS-15]', async () => {
    const page = await addConnector('claude-hosted', other.url)
    // A browser goes wherever it is sent: only at the URL of the terminal.
    expect(await page.locator('input[value=headless]').count()).toBe(0)
    await page.click('button:has-text("Connect")')
    await page.locator('[role=alert]').waitFor()
    const says = await page.locator('[role=alert]').textContent()
    expect(says).toContain('could not be reached')
    expect(says).toContain('Couldn’t reach the MCP server')
    expect(says).toContain(`postern doctor ${other.url} --as claude-hosted`)
    await judge(page)
    await screenshot(page, 'simulator-failed')
    await remove(page)
  })

  test('hosted Claude: connect, live, tools, allow once and always, new conversation, remove and add again', async () => {
    const page = await addConnector('claude-hosted', lab.url)
    await connect(page)
    const wire = await page.locator('.wire').textContent()
    expect(wire).toContain('Knocks without a token')
    expect(wire).toContain('Registers itself as a client')
    expect(wire).toContain('Exchanges the code for tokens')
    await screenshot(page, 'simulator-connected')

    await page.click('summary:has-text("Search notes")')
    await page.fill('textarea', '{"text":"hello"}')
    await page.click('button:has-text("Allow once")')
    await page.locator('h2:has-text("search_notes answered")').waitFor()
    await page.click('summary:has-text("Search notes")')
    await page.click('button:has-text("Always allow")')
    await page.click('summary:has-text("Search notes")')
    expect(await page.locator('button:has-text("Call, as always allowed")').count()).toBe(1)

    await page.click('text=All connectors')
    expect(await page.locator('.app').textContent()).toContain('on in this conversation')
    await page.click('text=Start a new conversation')
    expect(await page.locator('.app').textContent()).not.toContain('on in this conversation')

    await page.click('.app a')
    await page.click('summary:has-text("Search notes")')
    expect(await page.locator('.ways').textContent()).toContain('Switch it on in this conversation')

    const before = await clientIds()
    await page.click('text=Remove connector')
    await page.fill('#field-url', lab.url)
    await page.click('button:has-text("Add")')
    await connect(page)
    expect((await clientIds()).length).toBe(before.length + 1)
    await remove(page)
  })

  test('a sign-in whose pages need scripts: in a Chromium without a window, its answer caught on the way to Claude', async () => {
    const page = await addConnector('claude-hosted', lab.url)
    await page.check('input[value=headless]')
    await connect(page)
    expect(await page.locator('.wire').textContent()).toContain('Exchanges the code')
    await remove(page)
  })

  test('tools are those of the connecting until it is connected again, and what is changed is removed and added', async () => {
    const before = lab.settings.tools
    const page = await addConnector('claude-hosted', lab.url)
    await connect(page)
    lab.settings.tools = [...before, { ...before[0], name: 'new_tool', title: 'New tool' }]
    await page.click('summary:has-text("Search notes")')
    await page.click('button:has-text("Allow once")')
    await page.locator('h2:has-text("search_notes answered")').waitFor()
    expect(await page.locator('.wire').textContent()).not.toContain('tools/list')
    expect(await page.locator('h2:has-text("2 tools")').count()).toBe(1)
    await page.click('button:text-is("Reconnect")')
    await page.locator('h2:has-text("3 tools")').waitFor()
    expect(await page.locator('#field-url, #field-name').count()).toBe(0)
    lab.settings.tools = before
    await remove(page)
  })

  test('the same URL is not added twice', async () => {
    const page = await addConnector('strict', lab.url)
    await page.click('text=All connectors')
    await fillAdd(page, 'strict', lab.url)
    expect(await page.locator('[role=alert]').textContent()).toContain('already exists')
    await page.click('.app a')
    await remove(page)
  })

  test('2025: the client is kept over removal', async () => {
    const page = await addConnector('claude-hosted-2025', lab.url)
    await page.fill('#field-username', user.username)
    await page.fill('#field-password', user.password)
    await page.click('button:has-text("Connect")')
    await page.locator('[data-state=still]').waitFor()
    const before = await clientIds()
    await page.click('text=Remove connector')
    await fillAdd(page, 'claude-hosted-2025', lab.url)
    await page.fill('#field-username', user.username)
    await page.fill('#field-password', user.password)
    await page.click('button:has-text("Connect")')
    await page.locator('[data-state=still]').waitFor()
    expect(await clientIds()).toEqual(before)
    await remove(page)
  })

  test('Claude Code: signs in in this browser, a second member has an account of their own', async () => {
    const page = await addConnector('claude-code', lab.url)
    await page.click('button:has-text("Connect")')
    const link = page.locator('a:has-text("sign-in page")')
    await link.waitFor()
    const [signIn] = await Promise.all([page.context().waitForEvent('page'), link.click()])
    await signIn.fill('input[name=username]', user.username)
    await signIn.fill('input[name=password]', user.password)
    await signIn.click('button[value=approve]')
    await signIn.locator('text=You can close this page').waitFor()
    await page.locator('h2:has-text("2 tools")').waitFor()
    await page.click('text=Remove connector')
    await page.locator('h2:has-text("was removed")').waitFor()
    await page.locator('.wire:has-text("/revoke")').waitFor()
    await page.locator('[data-state=still]').waitFor()
    await judge(page)
    await screenshot(page, 'simulator-removed')
    await page.context().close()
  })

  test('a sign-in that nobody finishes is stopped by hand', async () => {
    const page = await addConnector('claude-code', lab.url)
    await page.click('button:has-text("Connect")')
    await page.locator('a:has-text("sign-in page")').waitFor()
    await judge(page)
    await screenshot(page, 'simulator-sign-in')
    await page.click('button:text-is("Stop")')
    await page.locator('[role=alert]:has-text("it was stopped")').waitFor()
    await remove(page)
  })

  test('the wire arrives while it happens', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const slow = await served(createLab())
    slow.addEdge(async (request, next) => {
      if (new URL(request.url).pathname === '/register') await held
      return next(request)
    })
    const own = await startSimulator({
      url: slow.url,
      surfaces: Object.values(surfaces),
      allowsPrivateAddresses: false,
      port: 0,
    })
    const page = await browser.newPage()
    await page.goto(own.address)
    await fillAdd(page, 'claude-hosted', slow.url)
    await page.fill('#field-username', user.username)
    await page.fill('#field-password', user.password)
    await page.click('button:text-is("Connect")')
    await page.locator(`[role=status]:has-text("POST ${new URL(slow.url).origin}/register")`).waitFor()
    await page.locator('.wire:has-text("Asks which authorization server protects")').waitFor()
    expect(await page.locator('.wire').textContent()).not.toContain('Exchanges the code')
    release()
    await page.locator('.wire:has-text("Exchanges the code")').waitFor()
    await page.context().close()
    await own.close()
  })

  const looks = [
    ['desktop', 'light'],
    ['phone', 'dark'],
    ['desktop', 'dark'],
    ['phone', 'light'],
  ] as const
  test.each(isWhole ? looks : looks.slice(0, 2))(
    'on a %s, %s: nothing that axe finds, no sideways scrolling, no complaint',
    async (viewport, colorScheme) => {
      const page = await browser.newPage({ viewport, colorScheme })
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(message.text()))
      await page.goto(simulator.address)
      await judge(page)
      await screenshot(page, `simulator-list-${viewport}-${colorScheme}`)
      await fillAdd(page, 'inspector', `${lab.url}?${viewport}${colorScheme}`)
      await page.check('input[value=forms]')
      await connect(page)
      await page.click('.wire summary >> nth=1')
      await page.click('summary:has-text("Delete a note")')
      await judge(page)
      await screenshot(page, `simulator-connector-${viewport}-${colorScheme}`)
      expect(complaints).toEqual([])
      await remove(page)
    },
  )

  test('without script the same, a click at a time', async () => {
    const page = await browser.newPage({ javaScript: false })
    await page.goto(simulator.address)
    await fillAdd(page, 'chatgpt', lab.url)
    await page.fill('#field-username', user.username)
    await page.fill('#field-password', user.password)
    await page.click('button:has-text("Connect")')
    await expect
      .poll(async () => (await page.reload()) && page.locator('h2:has-text("2 tools")').count())
      .toBe(1)
    await remove(page)
  })
})

async function addConnector(client: string, url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(simulator.address)
  await fillAdd(page, client, url)
  return page
}

async function fillAdd(page: Page, client: string, url: string): Promise<void> {
  await page.fill('#field-name', 'Lab')
  await page.fill('#field-url', url)
  await page.selectOption('#client', client)
  await page.click('button:text-is("Add")')
}

async function remove(page: Page): Promise<void> {
  await page.click('text=Remove connector')
  await page.context().close()
}

async function connect(page: Page): Promise<void> {
  await page.fill('#field-username', user.username)
  await page.fill('#field-password', user.password)
  await page.click('button:text-is("Connect")')
  await page.locator('h2:has-text("2 tools")').waitFor()
}

/** What the lab has registered so far, as the next registration would see it. */
async function clientIds(): Promise<string[]> {
  return registrations.slice()
}

const registrations: string[] = []
beforeAll(() => {
  lab.addEdge(async (request, next) => {
    const answer = await next(request)
    if (new URL(request.url).pathname === '/register' && answer.status === 201) {
      const { client_id } = (await answer.clone().json()) as { client_id: string }
      registrations.push(client_id)
    }
    return answer
  })
})

async function judge(page: Page): Promise<void> {
  const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
  expect(isWider).toBe(false)
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  })
  expect(found).toEqual([])
}
