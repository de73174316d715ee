/** Pictures of the pages for people and operators, of a real door after a working day. With UPDATE=1 they go to docs/images, else to test-results. */

import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signIn } from '../console/people.ts'
import type { Browser, Door } from '../door.ts'
import { wordsOf } from '../page-words.ts'
import { isWhole } from '../whole.ts'
import { openAfterBusyDay, publicUrl } from './busy-day.ts'
import { startBrowser, type TestBrowser } from './chromium.ts'
import { toPalettePng } from './palette-png.ts'

const images = join(import.meta.dirname, '../../docs/images')
const folder = process.env.UPDATE === '1' ? images : join(import.meta.dirname, '../../test-results')
/** A README is read on telephones too. */
const maximumBytes = 200_000

let browser: TestBrowser
let door: Door
let operator: Browser
let member: Browser
beforeAll(async () => {
  ;[browser, door] = await Promise.all([
    startBrowser(),
    openAfterBusyDay(),
    mkdir(folder, { recursive: true }),
  ])
  operator = door.browser()
  await signIn(operator, '/console')
  member = door.browser()
  await signIn(member, '/account', 'alan')
}, 60_000)
afterAll(async () => {
  await Promise.all([browser.close(), door.postern.close()])
})

interface Picture {
  name: string
  path(): Promise<string>
  scheme?: 'dark'
  phone?: true
  /** What has to be seen on it. */
  shows: readonly string[]
}

const overview = {
  path: async () => '/console',
  shows: ['Where attempts stop', 'After registration', 'Calls of tools'],
}
const story = {
  shows: ['Likely cause', 'What to do', 'Step by step'],
  async path() {
    const list = await (await operator.get('/console/connections?only=failing')).text()
    const rows = [...list.matchAll(/<tr>.*?<\/tr>/gs)].map(([row]) => row)
    const row = rows.find((one) => one.includes('nobody came to exchange it')) ?? rows[1] ?? ''
    return /href="([^"]+)"/.exec(row)?.[1] ?? ''
  },
}
const pictures: readonly Picture[] = [
  { name: 'console', ...overview },
  { name: 'console-dark', ...overview, scheme: 'dark' },
  { name: 'console-phone', ...overview, phone: true },
  { name: 'console-story', ...story },
  { name: 'console-story-dark', ...story, scheme: 'dark' },
  {
    name: 'console-connectors',
    path: async () => '/console/connectors',
    shows: ['Changed: search', 'id_rsa'],
  },
  { name: 'account', path: async () => '/account', shows: ['Disconnect', 'search'] },
  { name: 'account-dark', path: async () => '/account', scheme: 'dark', shows: ['Disconnect', 'search'] },
  { name: 'home', path: async () => '/', shows: ['https://mcp.example.com/mcp', 'Claude Code'] },
]

/** The default run takes one of each page. */
const taken = pictures.filter(({ scheme, phone }) => isWhole || (scheme === undefined && phone === undefined))

test.each(taken)('$name', async ({ name, path, scheme, phone, shows }) => {
  const viewport = { width: phone ? 390 : name.startsWith('console') ? 1180 : 760, height: 600 }
  const context = await browser.browser.newContext({
    viewport,
    colorScheme: scheme ?? 'light',
    deviceScaleFactor: phone ? 2 : 1.5,
  })
  await answerFromDoor(context, name.startsWith('console') ? operator : member)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  await page.goto(publicUrl + (await path()))
  const words = wordsOf(await page.content())
  for (const word of shows) expect(words).toContain(word)
  const picture = await page.screenshot({ fullPage: true, animations: 'disabled' })
  await context.close()
  // The stream of news is not there for a picture.
  expect(complaints.filter((one) => !one.includes('/console/live') && !one.includes('ERR_FAILED'))).toEqual(
    [],
  )
  const small = toPalettePng(picture)
  expect(small.length).toBeLessThan(maximumBytes)
  await writeFile(join(folder, `${name}.png`), small)
})

test('those that are kept are small', async () => {
  for (const { name } of pictures)
    expect((await stat(join(images, `${name}.png`))).size).toBeLessThan(maximumBytes)
})

/** A page as the door sends it, headers and all, under a public name that no machine has to resolve. */
async function answerFromDoor(context: BrowserContext, visitor: Browser): Promise<void> {
  await context.route(`${publicUrl}/**`, async (route) => {
    const url = new URL(route.request().url())
    if (url.pathname === '/console/live') return route.abort()
    const answer = await visitor.get(url.pathname + url.search)
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    })
  })
}
