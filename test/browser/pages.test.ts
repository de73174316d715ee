/** Every page in a real browser: nothing that its own policy forbids, no sideways scrolling, no violation that axe finds, and screenshots to look at. */

import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import axe from 'axe-core'
import type { Page as BrowserPage } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { galleryPieces } from '../../scripts/gallery.ts'
import { type Page, pageHeaders } from '../../src/ui/layout.ts'
import { isWhole } from '../whole.ts'
import { screenshot, startBrowser, type TestBrowser } from './chromium.ts'

/** Wrong in every way that the checks below know. */
const faultyStyle = 'p{color:#ccc;background:#fff;width:900px}button{all:unset;display:inline-block}'
const faulty: Page = {
  html: `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Faulty</title>
<link rel="icon" href="data:,"><style>${faultyStyle}</style>
<p>too pale</p><input><button></button><button>x</button><b style="color:red"></b>`,
  csp: `default-src 'none'; img-src data:; style-src 'sha256-${createHash('sha256').update(faultyStyle).digest('base64')}'`,
}

const pieces = new Map(galleryPieces().map(({ name, page }) => [name, page]))

/** How a page is looked at. A person may have it in any of eight ways; the default run has the two that differ in all. */
interface Look {
  viewport: 'desktop' | 'phone'
  colorScheme: 'light' | 'dark'
  direction: 'ltr' | 'rtl'
}

const looks: readonly Look[] = isWhole
  ? (['desktop', 'phone'] as const).flatMap((viewport) =>
      (['light', 'dark'] as const).flatMap((colorScheme) =>
        (['ltr', 'rtl'] as const).map((direction) => ({ viewport, colorScheme, direction })),
      ),
    )
  : [
      { viewport: 'desktop', colorScheme: 'light', direction: 'ltr' },
      { viewport: 'phone', colorScheme: 'dark', direction: 'rtl' },
    ]

let browser: TestBrowser
let server: Server
let origin: string
/** In turn of every page of the house. */
let shown: BrowserPage
/** What the browser wrote into its console, and whom else it asked. */
const complaints: string[] = []
const foreign: string[] = []

beforeAll(async () => {
  browser = await startBrowser()
  server = createServer((request, response) => {
    // The console's pages listen for news.
    if (request.url === '/console/live') {
      return void response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 5000\n\n')
    }
    const page = request.url === '/faulty' ? faulty : pieces.get((request.url ?? '/').slice(1))
    if (page === undefined) return void response.writeHead(404).end()
    response.writeHead(200, Object.fromEntries(pageHeaders(page))).end(staying(page.html))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  shown = await browser.newPage()
  shown.on('console', (message) => complaints.push(message.text()))
  shown.on('pageerror', (error) => complaints.push(error.message))
  shown.on('request', (request) => {
    if (!/^data:/.test(request.url()) && !request.url().startsWith(origin)) foreign.push(request.url())
  })
})

/** A page that goes on by itself is looked at before it does. */
function staying(html: string): string {
  return html.replace(/<meta http-equiv="refresh"[^>]*>/, '')
}

afterAll(async () => {
  await browser.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function lookAt(page: BrowserPage, { viewport, colorScheme, direction }: Look): Promise<void> {
  await page.setViewportSize(
    viewport === 'phone' ? { width: 390, height: 844 } : { width: 1280, height: 800 },
  )
  await page.emulateMedia({ colorScheme })
  await page.evaluate((dir) => document.documentElement.setAttribute('dir', dir), direction)
}

test.each([...pieces.keys()])(
  'the page %s is clean for everybody, and asks nobody else for anything [OA21-24] [CIMD-11]',
  async (name) => {
    await shown.goto(`${origin}/${name}`)
    await shown.evaluate(axe.source)
    for (const [index, look] of looks.entries()) {
      const seen = Object.values(look).join(' ')
      await lookAt(shown, look)
      expect(await shown.evaluate(findFaults), seen).toEqual([])
      // Contrast and targets in the other looks are judged above already, if by ourselves.
      if (index > 0 && !isWhole) continue
      expect(await violationsOf(shown, index === 0 ? 'all' : 'of how it looks'), seen).toEqual([])
      await screenshot(shown, `page-${name}-${Object.values(look).join('-')}`)
    }
    expect(complaints.splice(0)).toEqual([])
    expect(foreign.splice(0)).toEqual([])
  },
)

test('what the checks look for, they find', async () => {
  const page = await browser.newPage({ viewport: 'phone' })
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  await page.goto(`${origin}/faulty`)
  const faults = await page.evaluate(findFaults)
  expect(faults).toEqual([
    'scrolls sideways',
    'contrast 1.6 of "too pale"',
    'no name: <input>',
    'no name: <button>',
    'small target: "x"',
  ])
  expect(said.join()).toMatch(/style-src/)
  await page.evaluate(axe.source)
  const found = await violationsOf(page, 'all')
  for (const rule of ['color-contrast', 'button-name', 'label', 'landmark-one-main'])
    expect(found.join('\n')).toContain(rule)
  expect((await violationsOf(page, 'of how it looks')).join('\n')).toContain('color-contrast')
  await page.context().close()
})

test('the setup page takes the code out of the fragment, and out of the address bar', async () => {
  const page = await browser.newPage()
  await page.goto(`${origin}/setup#pst_su_sample`)
  expect(await page.inputValue('#field-setup')).toBe('pst_su_sample')
  expect(page.url()).toBe(`${origin}/setup`)
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('field-username')
  await page.goBack()
  expect(page.url()).toBe('about:blank')
  await page.context().close()
})

test('without script the setup code is pasted, every step can be read, and nothing pretends to be a button', async () => {
  const page = await browser.newPage({ javaScript: false })
  await page.goto(`${origin}/setup#pst_su_sample`)
  await page.fill('#field-setup', 'pst_su_sample')
  await page.goto(`${origin}/home`)
  await page.locator('summary', { hasText: 'Claude Code' }).click()
  expect(await page.locator('code', { hasText: 'claude mcp add' }).isVisible()).toBe(true)
  expect(await page.locator('.copy button').first().isVisible()).toBe(false)
  await page.context().close()
})

test('the copy button copies', async () => {
  const page = await browser.newPage()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
  await page.goto(`${origin}/home`)
  const button = page.locator('.address .copy button')
  await button.click()
  await page.locator('.address .copy button', { hasText: 'Copied' }).waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('https://mcp.example.com/mcp')
  await page.context().close()
})

test('by keyboard, the consent page goes in the order in which it is read', async () => {
  const page = await browser.newPage()
  await page.goto(`${origin}/consent`)
  const order: string[] = []
  for (let stop = 0; stop < 6; stop++) {
    await page.keyboard.press('Tab')
    order.push(await page.evaluate(() => document.activeElement?.textContent?.trim() ?? ''))
  }
  expect(order).toEqual([
    'Postern',
    'Sign in as somebody else',
    '6 tools that only read',
    '',
    'Approve',
    'Deny',
  ])
  const tree = await page.locator('main').ariaSnapshot()
  expect(tree).toContain('heading "Claude asks to use Everything" [level=1]')
  expect(tree).toContain('group "What it may do"')
  expect(tree).toContain('checkbox "Make changes" [checked]')
  expect(tree).toMatch(/button "Approve"\n\s*- button "Deny"/)
  await page.context().close()
})

/** By the rules of WCAG 2.2 and axe's own of good practice. Over the protocol, so that the page's policy stands as it is. */
async function violationsOf(page: BrowserPage, which: 'all' | 'of how it looks'): Promise<string[]> {
  const rules = which === 'all' ? undefined : [...rulesOfLooks]
  const { violations } = await page.evaluate(
    (only) => (window as unknown as { axe: typeof axe }).axe.run(only === undefined ? {} : { runOnly: only }),
    rules,
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`))
}

/** What colours, width and direction can change. The structure of a page is the same in every look. */
const rulesOfLooks = ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable']

/**
 * Runs in the page: sideways scrolling, text below 4.5 to 1 against what is painted behind it, controls without a
 * name, targets below 24 pixels (WCAG 2.2 §1.4.10, §1.4.3, §4.1.2, §2.5.8).
 */
function findFaults(): string[] {
  const faults: string[] = []
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth)
    faults.push('scrolls sideways')

  const channels = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (colour: string): number => {
    const [red = 0, green = 0, blue = 0] = channels(colour)
      .slice(0, 3)
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const behind = (element: Element | null): string => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor
      if (channels(colour)[3] !== 0) return colour
    }
    return 'rgb(255, 255, 255)'
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent?.trim() ?? ''
    const element = walker.currentNode.parentElement
    if (words === '' || element === null || element.closest('script, style') !== null) continue
    if (!element.checkVisibility()) continue
    const front = luminance(getComputedStyle(element).color)
    const back = luminance(behind(element))
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)
    if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(1)} of "${words.slice(0, 40)}"`)
  }

  const controls = [...document.querySelectorAll<HTMLElement>('a, button, input, summary')]
  const visible = controls.filter(
    (control) => control.checkVisibility() && control.getAttribute('type') !== 'hidden',
  )
  const nameOf = (control: HTMLElement): string =>
    control instanceof HTMLInputElement
      ? [...(control.labels ?? [])].map((label) => label.textContent).join('')
      : (control.textContent ?? '').trim()
  for (const control of visible) {
    if (nameOf(control) === '') faults.push(`no name: <${control.localName}>`)
  }
  for (const control of visible) {
    // A link within a sentence is as high as its line (WCAG 2.2 §2.5.8, exception "inline"), and a label widens its box.
    if (control.matches('li a, p a:not(.button), input[type=checkbox]') || nameOf(control) === '') continue
    const { width, height } = control.getBoundingClientRect()
    if (width < 24 || height < 24) faults.push(`small target: "${nameOf(control)}"`)
  }
  return faults
}
