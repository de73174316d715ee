/** The pictures of README: what the program really prints, and the page that the real door shows. With UPDATE=1 they go to docs/images, else to test-results. */

import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fault as resourceMismatch } from '../doctor/faults/resource-mismatch.ts'
import { createLab } from '../doctor/lab/lab.ts'
import { closeServed, served } from '../doctor/served.ts'
import { type Child, repositoryRoot, startChild } from '../interop/child.ts'
import { findFreePort } from '../interop/loopback.ts'
import { beginAuthorization } from '../interop/plain-sign-in.ts'
import { isWhole } from '../whole.ts'
import { startBrowser, type TestBrowser } from './chromium.ts'
import { toPalettePng } from './palette-png.ts'
import { ansiToHtml, terminalPage } from './terminal-picture.ts'

const account = { username: 'ada', password: 'correct horse battery' }
const isUpdate = process.env.UPDATE === '1'
const images = join(repositoryRoot, 'docs', 'images')
const folder = isUpdate ? images : join(repositoryRoot, 'test-results')
/** A README is read on telephones too. */
const maximumBytes = 200_000

let browser: TestBrowser
/** Where the program is started: an empty folder but for its modules, as a reader's checkout is at first. */
let place: string
let door: Child
let mcpUrl: string
beforeAll(async () => {
  ;[browser, place] = await Promise.all([
    startBrowser(),
    mkdtemp(join(tmpdir(), 'postern-pictures-')),
    mkdir(folder, { recursive: true }),
  ])
  await symlink(join(repositoryRoot, 'node_modules'), join(place, 'node_modules'))
  // On pictures for readers the port is the one that readers will see.
  const port = isUpdate ? 8787 : await findFreePort()
  mcpUrl = `http://localhost:${port}/mcp`
  const upstream = 'node_modules/@modelcontextprotocol/server-everything/dist/index.js'
  door = start(['serve', ...(port === 8787 ? [] : ['--port', String(port)]), '--', 'node', upstream])
  await door.waitForOutput(/Your MCP server/)
})
afterAll(async () => {
  await Promise.all([door.stop(), browser.close()])
  await rm(place, { recursive: true, force: true })
})

test('terminal.png: the banner of `npm start`, and `postern connect` step by step', async () => {
  const users = start(['users', 'create', account.username, '--password-stdin'])
  users.process.stdin.end(account.password)
  expect((await users.exited).code).toBe(0)
  const words = ['connect', mcpUrl, '--call', 'echo', '{"message":"hello"}']
  const connect = start(words, { POSTERN_LOGIN: `${account.username}:${account.password}` })
  expect((await connect.exited).code).toBe(0)

  const banner = [prompt('npm start'), leavingOut(door.stdout(), /Inspector/, /Your MCP server/)].join('\n')
  const steps = [
    prompt(`npx postern connect ${mcpUrl} --call echo '{"message":"hello"}'`),
    // Some of the tools are enough to see what the list is.
    leavingOut(connect.stdout(), /get-env/, /Result of/),
  ].join('\n')
  expect(steps).toContain('\u001b[32m✔ passed')
  expect(steps).toContain('✔ Connected.')
  const page = await openPage('light', { width: 1000, height: 800 })
  await page.setContent(
    await terminalPage([
      { title: 'The door', screen: banner },
      { title: 'A connection, as Claude Code makes it', screen: steps },
    ]),
  )
  await photograph(page, 'terminal')
})

test('doctor.png: what the doctor says of a server with a small mistake', async () => {
  const lab = createLab()
  resourceMismatch.break(await served(lab, { name: 'localhost', port: isUpdate ? 3000 : 0 }))
  const doctor = start(['doctor', lab.url])
  const { code } = await doctor.exited
  closeServed()
  expect(code).toBe(1)
  expect(doctor.stdout()).toContain('resource-mismatch')
  const page = await openPage('light', { width: 750, height: 400 })
  const screen = [prompt(`npx postern doctor ${lab.url}`), doctor.stdout().trim()].join('\n')
  await page.setContent(await terminalPage([{ title: 'Why Claude does not connect', screen }]))
  await photograph(page, 'doctor')
})

const schemes = isWhole ? (['light', 'dark'] as const) : (['light'] as const)
test.each(schemes)('the consent page when Claude asks, in %s', async (colorScheme) => {
  const { url } = await beginAuthorization(mcpUrl, {
    clientId: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
    redirectUri: 'https://claude.ai/api/mcp/auth_callback',
  })
  const page = await openPage(colorScheme, { width: 660, height: 600 })
  await page.goto(url)
  await page.locator('input[name="username"]').fill(account.username)
  await page.locator('input[name="password"]').fill(account.password)
  await page.locator('form:has(input[name="password"]) button').click()
  await page.locator('button[value="approve"]').waitFor()
  expect(await page.textContent('h1')).toContain('Claude')
  await photograph(page, colorScheme === 'light' ? 'consent' : 'consent-dark')
})

test('README shows them, and each is small enough', async () => {
  const readme = await readFile(join(repositoryRoot, 'README.md'), 'utf8')
  expect(readme).toContain('docs/images/terminal.png')
  expect(readme).toContain('docs/images/consent.png')
  expect(readme).toContain('docs/images/doctor.png')
  for (const name of ['terminal', 'doctor', 'consent', 'consent-dark']) {
    expect((await stat(join(images, `${name}.png`))).size).toBeLessThan(maximumBytes)
  }
})

test('the commonest 256 colours of a picture stay, and the nearest stands for any other', async () => {
  const page = await openPage('light', { width: 256, height: 4 })
  const stripe = (shade: number, green: number, height: number): string =>
    `<i style="left:${shade}px;height:${height}px;background:rgb(${shade},${green},0)"></i>`
  const reds = Array.from({ length: 256 }, (_, shade) => stripe(shade, 0, 4)).join('')
  const rare = Array.from({ length: 40 }, (_, shade) => stripe(shade * 6, 1, 1)).join('')
  for (const [stripes, furthest] of [
    [reds, 0],
    [reds + rare, 1],
  ] as const) {
    await page.setContent(`<style>i{position:absolute;top:0;width:1px}</style>${stripes}`)
    const picture = await page.screenshot()
    const [before, after] = [await readPixels(page, picture), await readPixels(page, toPalettePng(picture))]
    expect(after.length).toBe(512 * 8 * 4)
    expect(Math.max(...before.map((value, index) => Math.abs(value - (after[index] ?? 0))))).toBe(furthest)
  }
  await page.context().close()
})

test('colours become spans, markup stays text, and an unknown style is refused', () => {
  expect(ansiToHtml('\u001b[1m\u001b[32m<ok>\u001b[39m\u001b[22m & \u001b[2mfaint\u001b[0m')).toBe(
    '<b><span class="green">&lt;ok&gt;</span></b> &amp; <span class="dim">faint</span>',
  )
  expect(() => ansiToHtml('\u001b[5mblink')).toThrow('SGR 5')
})

function start(words: readonly string[], env: Record<string, string> = {}): Child {
  const own = Object.keys(process.env).filter((name) => name.startsWith('POSTERN_'))
  const nothing = Object.fromEntries(['NO_COLOR', ...own].map((name) => [name, undefined]))
  return startChild(process.execPath, [join(repositoryRoot, 'bin', 'postern.js'), ...words], {
    cwd: place,
    env: { ...nothing, FORCE_COLOR: '1', ...env },
  })
}

function prompt(command: string): string {
  return `\u001b[32m$\u001b[39m \u001b[1m${command}\u001b[22m`
}

/** The lines before `first` and from `last` on, with a mark where something is missing. */
function leavingOut(text: string, first: RegExp, last: RegExp): string {
  const lines = text.trimEnd().split('\n')
  const [from, to] = [
    lines.findIndex((line) => first.test(line)),
    lines.findLastIndex((line) => last.test(line)),
  ]
  if (from < 0 || to < from) throw new Error(`${first} and then ${last} are not in:\n${text}`)
  return [...lines.slice(0, from), '\u001b[2m  …\u001b[0m', '', ...lines.slice(to)].join('\n')
}

/** At twice the resolution, for screens that have it. */
async function openPage(
  colorScheme: 'light' | 'dark',
  viewport: { width: number; height: number },
): Promise<Page> {
  const context = await browser.browser.newContext({ viewport, colorScheme, deviceScaleFactor: 2 })
  return context.newPage()
}

/** As the browser itself reads the file. */
function readPixels(page: Page, png: Buffer): Promise<number[]> {
  return page.evaluate(
    async (source) => {
      const image = new Image()
      image.src = source
      await image.decode()
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d')
      context?.drawImage(image, 0, 0)
      return [...(context?.getImageData(0, 0, image.width, image.height).data ?? [])]
    },
    `data:image/png;base64,${png.toString('base64')}`,
  )
}

async function photograph(page: Page, name: string): Promise<void> {
  const picture = await page.screenshot({ fullPage: true, animations: 'disabled', omitBackground: true })
  await page.context().close()
  const small = toPalettePng(picture)
  expect(small.length).toBeLessThan(maximumBytes)
  await writeFile(join(folder, `${name}.png`), small)
}
