import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clickThroughConsent, startBrowser, type TestBrowser } from './chromium.ts'

// The browser is an instrument: were it launched with web security off, no test of a page's policy could fail.

let browser: TestBrowser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

test('follows a form to claude.ai when the page allows that origin', async () => {
  const site = await startConsentSite("form-action 'self' https://claude.ai")
  const page = await browser.newPage()
  await page.goto(site.url)
  await clickThroughConsent(page, { username: 'ada', password: 'secret' })
  expect(page.url()).toBe('https://claude.ai/api/mcp/auth_callback?code=1')
  expect(browser.atClaude.at(-1)?.href).toBe(page.url())
  expect(site.signedIn).toEqual(['username=ada&password=secret'])
  await site.close()
})

test("stops the redirect of a form when the page allows only 'self'", async () => {
  const site = await startConsentSite("form-action 'self'")
  const before = browser.atClaude.length
  const page = await browser.newPage()
  await page.goto(site.url)
  const clicked = clickThroughConsent(page, { username: 'ada', password: 'secret' })
  await expect(clicked).rejects.toThrow(/refused: .*Content Security Policy/)
  expect(browser.atClaude.length).toBe(before)
  await site.close()
})

test('resolves no name but loopback', async () => {
  const page = await browser.newPage()
  await expect(page.goto('http://example.com/')).rejects.toThrow('ERR_NAME_NOT_RESOLVED')
})

/** A sign-in page and a consent page of the shape that `clickThroughConsent` expects. */
async function startConsentSite(
  policy: string,
): Promise<{ url: string; signedIn: string[]; close: () => Promise<void> }> {
  const signedIn: string[] = []
  const http = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method === 'POST' && request.url === '/sign-in') {
      signedIn.push(body)
      return response.writeHead(303, { location: '/consent' }).end()
    }
    if (request.method === 'POST') {
      return response.writeHead(303, { location: 'https://claude.ai/api/mcp/auth_callback?code=1' }).end()
    }
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy })
    return response.end(
      request.url === '/consent'
        ? '<form method="post"><button name="decision" value="approve">Approve</button></form>'
        : '<form method="post"><input name="username"><input name="password"><button>Sign in</button></form>',
    )
  })
  await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready))
  const { port } = http.address() as AddressInfo
  return {
    url: `http://localhost:${port}/sign-in`,
    signedIn,
    async close() {
      http.closeAllConnections()
      await new Promise<void>((closed) => http.close(() => closed()))
    },
  }
}
