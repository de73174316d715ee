/** Two people at work in real browsers: one disconnects an app while it renews its tokens, one watches the console renew itself and acts in it. */

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../../src/app/node.ts'
import { callMcp, connect, type Door, openDoor, register, token } from '../door.ts'
import { findFreePort } from '../interop/loopback.ts'
import { startBrowser, type TestBrowser } from './chromium.ts'

let browser: TestBrowser
let server: RunningServer
let door: Door
let page: Page
const complaints: string[] = []
beforeAll(async () => {
  const port = await findFreePort()
  door = await openDoor({ publicUrl: `http://localhost:${port}`, console: {} })
  ;[browser, server] = await Promise.all([
    startBrowser(),
    startServer({ port, fetch: (request, connection) => door.postern.fetch(request, connection) }),
  ])
  page = await browser.newPage()
  page.on('console', (message) => complaints.push(message.text()))
  await page.goto(`${door.origin}/login?then=/account`)
  await page.locator('input[name="username"]').fill('ada')
  await page.locator('input[name="password"]').fill('correct horse battery')
  await page.locator('form:has(input[name="password"]) button[type="submit"]').click()
  await page.waitForURL(`${door.origin}/account`)
})
afterAll(async () => {
  await page.context().close()
  await door.postern.close()
  await Promise.all([browser.close(), server.close(0)])
})

test('an app is disconnected in one tab while it renews its tokens: no token of it is good afterwards', async () => {
  const connection = await connect(door)
  await page.reload()
  let isOver = false
  const renew = async (): Promise<string[]> => {
    const accessTokens = [connection.accessToken]
    let refreshToken = connection.refreshToken
    while (!isOver) {
      const fields = {
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: connection.clientId,
      }
      const { status, body } = await token(door, fields)
      if (status !== 200) break
      accessTokens.push(String(body.access_token))
      refreshToken = String(body.refresh_token)
    }
    return accessTokens
  }
  const renewing = renew()
  await page.getByRole('button', { name: 'Disconnect Claude' }).click()
  await page.getByRole('status').waitFor()
  isOver = true
  const accessTokens = await renewing
  expect(await page.getByRole('status').textContent()).toContain('Claude is disconnected.')
  expect(accessTokens.length).toBeGreaterThan(1)
  // The last ones are those that were made around the moment itself.
  for (const accessToken of accessTokens.slice(-5)) {
    expect((await callMcp(door, accessToken, { id: 1, method: 'tools/list' })).status).toBe(401)
  }
  expect(complaints).toEqual([])
})

test('the console shows what happens without being asked, and leaves alone what somebody is at work in', async () => {
  await page.goto(`${door.origin}/console/grants`)
  await page.getByText('Updates by itself').waitFor()
  await connect(door)
  const row = page.locator('tr', { hasText: 'stands' })
  await row.waitFor()
  await row.locator('summary').click()
  await register(door)
  await page.waitForTimeout(2500)
  expect(await row.locator('button').isVisible()).toBe(true)
  await row.locator('button').click()
  await page.waitForURL(/done=revoke-grant/)
  expect(await page.getByRole('status').textContent()).toBe('Revoked.')
  expect(await page.locator('tr', { hasText: 'stands' }).count()).toBe(0)
  expect(complaints).toEqual([])
})

test('where no stream comes through, the console asks now and then, and stops when its reader is signed out', async () => {
  const lonely = await page.context().newPage()
  await lonely.clock.install()
  await lonely.route('**/console/live', (route) => route.abort())
  await lonely.goto(`${door.origin}/console/clients`)
  expect(await lonely.getByText('Updates by itself').isVisible()).toBe(false)
  await register(door, { client_name: 'Newcomer' })
  expect(await lonely.locator('tr', { hasText: 'Newcomer' }).count()).toBe(0)
  await lonely.clock.fastForward(15_000)
  await lonely.locator('tr', { hasText: 'Newcomer' }).waitFor()

  await page.context().clearCookies()
  const asked: string[] = []
  lonely.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await lonely.clock.fastForward(15_000)
  await expect.poll(() => asked).toContain('/login')
  expect(await lonely.locator('tr', { hasText: 'Newcomer' }).count()).toBe(1)
  asked.length = 0
  await lonely.clock.fastForward(60_000)
  expect(asked.filter((path) => path !== '/console/live')).toEqual([])
  await lonely.close()
})
