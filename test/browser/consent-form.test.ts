/** Approve in a real browser: the form's POST, its 303, and the chain of redirects behind it pass the page's own policy (requirement ASU-15). */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleConsent } from '../../scripts/gallery.ts'
import { consentPage } from '../../src/ui/consent.ts'
import { pageHeaders } from '../../src/ui/layout.ts'
import { startBrowser, type TestBrowser } from './chromium.ts'

let browser: TestBrowser
/** A door without TLS, and a client on this device: which of them is asked is told by the path. */
let local: Server
let port: number
/** What clients were asked for, in order, and what the form posted. */
const seen: string[] = []
let posted = ''

beforeAll(async () => {
  local = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    const answer = answerFor(request.method ?? 'GET', url, body)
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => local.listen(0, '127.0.0.1', resolve))
  port = (local.address() as AddressInfo).port
  browser = await startBrowser()
})

afterAll(async () => {
  await browser.close()
  local.closeAllConnections()
  await new Promise((resolve) => local.close(resolve))
})

const doors = [
  { name: 'https', origin: () => 'https://door.example' },
  { name: 'http on localhost', origin: () => `http://localhost:${port}` },
]

describe.each(doors)('a door on $name [ASU-15]', ({ origin }) => {
  test.each([
    ['https://claude.ai', () => 'https://claude.ai/api/mcp/auth_callback?code=1&state=2'],
    ['localhost on any port', () => `http://localhost:${port}/callback?code=1`],
    ['127.0.0.1 on any port', () => `http://127.0.0.1:${port}/callback?code=1`],
  ])('Approve leads to %s, by GET', async (_, target) => {
    const { complaints } = await approve(origin(), target(), { arrives: true })
    expect(complaints).toEqual([])
    const url = new URL(target())
    expect(seen).toEqual([`GET ${url.host}${url.pathname}${url.search}`])
    expect(posted).toBe('csrf=sample&scope=write&decision=approve')
  })

  test('Approve leads through claude.ai and claude.com on to the desktop app', async () => {
    const { complaints, asked } = await approve(origin(), 'https://claude.ai/via-claude-com', {
      last: 'claude://connected',
    })
    expect(asked.at(-1)).toBe('claude://connected')
    expect(seen).toEqual(['GET claude.ai/via-claude-com', 'GET claude.com/on-to-the-app'])
    expect(complaints).toEqual([])
  })

  test.each(['claude://oauth/callback?code=1', 'http://[::1]:61999/callback'])(
    'nothing holds the browser back from %s',
    async (target) => {
      const { complaints, asked } = await approve(origin(), target)
      expect(asked).toContain(target)
      expect(complaints).toEqual([])
    },
  )

  test.each([
    ['https://elsewhere.example/callback', 'claude://oauth/callback'],
    ['https://claude.ai/api/mcp/auth_callback', 'https://elsewhere.example/callback'],
    ['https://claude.ai/api/mcp/auth_callback', 'http://localhost/callback'],
    ['http://localhost:61998/callback', 'http://localhost:61999/callback'],
  ])('but a page made for %s does not let its form lead to %s: Chromium says so', async (allowed, target) => {
    const { complaints, asked } = await approve(origin(), target, { allowed })
    expect(complaints.join()).toMatch(/form-action/)
    expect(asked).not.toContain(target)
    expect(seen).toEqual([])
  })
})

test('Enter in the form approves, and Deny denies', async () => {
  const target = `http://localhost:${port}/callback`
  const page = await openConsent('https://door.example', target)
  await page.locator('input[name="scope"]').focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Enter')
  await page.waitForURL(target)
  expect(posted).toBe('csrf=sample&decision=approve')
  await page.goBack()
  await page.locator('button[value="deny"]').click()
  await page.waitForURL(target)
  expect(posted).toMatch(/decision=deny$/)
  await page.context().close()
})

test('it works without script', async () => {
  const target = 'https://claude.ai/api/mcp/auth_callback'
  const page = await openConsent('https://door.example', target, target, false)
  await page.locator('button[value="approve"]').click()
  await page.waitForURL(target)
  expect(posted).toBe('csrf=sample&scope=write&decision=approve')
  await page.context().close()
})

interface Outcome {
  /** What the browser wrote into its console. */
  complaints: string[]
  /** Every address that a navigation was begun to. */
  asked: string[]
}

/** Ends when a navigation to `last` was begun, which a policy against it forestalls, or the browser complained; with `arrives`, when it is shown. */
async function approve(
  origin: string,
  target: string,
  { allowed = target, last = target, arrives = false } = {},
): Promise<Outcome> {
  const page = await openConsent(origin, target, allowed)
  const outcome: Outcome = { complaints: [], asked: [] }
  page.on('console', (message) => outcome.complaints.push(message.text()))
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  session.on('Network.requestWillBeSent', ({ request }) => outcome.asked.push(request.url))
  await page.locator('button[value="approve"]').click({ noWaitAfter: true })
  await eventually(() => outcome.complaints.length > 0 || outcome.asked.includes(last))
  if (arrives) await page.waitForURL(last)
  await page.context().close()
  return outcome
}

async function openConsent(
  origin: string,
  target: string,
  allowed = target,
  javaScript = true,
): Promise<Page> {
  seen.length = 0
  posted = ''
  const context = await browser.browser.newContext({ javaScriptEnabled: javaScript })
  const page = await context.newPage()
  await playPublicHosts(page)
  await page.goto(`${origin}/door?${new URLSearchParams({ target, allowed })}`)
  return page
}

/** Answers for the hosts with a name, below the page and its policy; what is on this device is asked for real. */
async function playPublicHosts(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  session.on('Fetch.requestPaused', ({ requestId, request }) => {
    const answer = answerFor(request.method, new URL(request.url), request.postData ?? '')
    const responseHeaders = Object.entries(answer.headers).map(([name, value]) => ({ name, value }))
    const body = Buffer.from(answer.body).toString('base64')
    // A page that is being closed takes its paused requests with it.
    session
      .send('Fetch.fulfillRequest', { requestId, responseCode: answer.status, responseHeaders, body })
      .catch(() => {})
  })
  const hosts = ['door.example', 'elsewhere.example', 'claude.ai', 'claude.com']
  await session.send('Fetch.enable', { patterns: hosts.map((host) => ({ urlPattern: `https://${host}/*` })) })
}

interface Answer {
  status: number
  headers: Record<string, string>
  body: string
}

function answerFor(method: string, url: URL, body: string): Answer {
  if (url.pathname === '/door') return answerAsDoor(method, url, body)
  if (url.pathname === '/favicon.ico') return { status: 404, headers: {}, body: '' }
  seen.push(`${method} ${url.host}${url.pathname}${url.search}`)
  if (url.pathname === '/via-claude-com') return redirectTo('https://claude.com/on-to-the-app')
  if (url.pathname === '/on-to-the-app') return redirectTo('claude://connected')
  return {
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<!doctype html><title>Arrived</title>',
  }
}

/** Shows a consent page made for one redirect URI, and answers its form with a 303 to another that the test names. */
function answerAsDoor(method: string, url: URL, body: string): Answer {
  const target = url.searchParams.get('target') ?? ''
  if (method === 'POST') {
    posted = body
    return redirectTo(target)
  }
  const redirectUri = url.searchParams.get('allowed') ?? target
  const page = consentPage({ ...sampleConsent, action: url.pathname + url.search, redirectUri })
  return { status: 200, headers: Object.fromEntries(pageHeaders(page)), body: page.html }
}

function redirectTo(location: string): Answer {
  return { status: 303, headers: { location }, body: '' }
}

/** Polls; the test's own time limit ends it. */
async function eventually(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20))
}
