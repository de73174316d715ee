/** Every page in a real browser: nothing that its own policy forbids, no sideways scrolling, and screenshots to look at. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { galleryPieces } from '../../scripts/gallery.ts'
import { pageHeaders } from '../../src/ui/layout.ts'
import { screenshot, startBrowser, type TestBrowser } from './chromium.ts'

const pieces = new Map(galleryPieces().map(({ name, page }) => [name, page]))
let browser: TestBrowser
let server: Server
let origin: string

beforeAll(async () => {
  browser = await startBrowser()
  server = createServer((request, response) => {
    const page = pieces.get((request.url ?? '/').slice(1))
    if (page === undefined) return void response.writeHead(404).end()
    response.writeHead(200, Object.fromEntries(pageHeaders(page))).end(page.html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  await browser.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe.each(['desktop', 'phone'] as const)('on a %s', (viewport) => {
  test.each(['light', 'dark'] as const)('every page is clean in %s [OA21-24]', async (colorScheme) => {
    const page = await browser.newPage({ viewport, colorScheme })
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    const foreign: string[] = []
    page.on('request', (request) => {
      if (!/^data:/.test(request.url()) && !request.url().startsWith(origin)) foreign.push(request.url())
    })
    for (const name of pieces.keys()) {
      await page.goto(`${origin}/${name}`)
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
      expect(tooWide, `${name} scrolls sideways`).toBe(false)
      await screenshot(page, `page-${name}-${viewport}-${colorScheme}`)
    }
    expect(complaints).toEqual([])
    expect(foreign).toEqual([])
    await page.context().close()
  })
})
