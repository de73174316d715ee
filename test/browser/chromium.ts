// A real Chromium out of an npm package (@sparticuz/chromium), driven by playwright-core: nothing to install by hand.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'

export interface TestBrowser {
  readonly browser: Browser
  /** What the browser asked claude.ai and claude.com for. Their pages are ours; nothing leaves the machine. */
  readonly atClaude: readonly URL[]
  /** A page in a context of its own: no cookies of an earlier page. */
  newPage(options?: PageOptions): Promise<Page>
  close(): Promise<void>
}

export interface PageOptions {
  readonly viewport?: 'desktop' | 'phone'
  readonly colorScheme?: 'light' | 'dark'
  readonly javaScript?: boolean
}

export async function startBrowser(): Promise<TestBrowser> {
  const atClaude: URL[] = []
  const browser = await chromium.launch({
    ...(await findChromium()),
    // The package's own list of flags switches web security off and runs everything in one process, which crashes.
    args: ['--no-sandbox', `--host-resolver-rules=${ONLY_LOOPBACK_RESOLVES}`],
  })
  return {
    browser,
    atClaude,
    async newPage({ viewport = 'desktop', colorScheme = 'light', javaScript = true } = {}) {
      const context = await browser.newContext({
        ...VIEWPORTS[viewport],
        colorScheme,
        javaScriptEnabled: javaScript,
      })
      context.setDefaultTimeout(PAGE_TIMEOUT_MILLISECONDS)
      const page = await context.newPage()
      await playClaude(page, atClaude)
      return page
    },
    close: () => browser.close(),
  }
}

/** Writes test-results/<name>.png and returns its path. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const folder = join(import.meta.dirname, '..', '..', 'test-results')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${name}.png`)
  await page.screenshot({ path, fullPage: true, animations: 'disabled' })
  return path
}

export interface ConsentOptions {
  readonly username: string
  readonly password: string
  readonly decision?: 'approve' | 'deny'
  /** Called on each page before it is answered: for screenshots and for looking closer. */
  readonly onPage?: (kind: 'sign-in' | 'consent', page: Page) => Promise<void>
}

/** Signs in if asked, answers the consent page, and returns when the browser has arrived where that led. */
export async function clickThroughConsent(page: Page, options: ConsentOptions): Promise<void> {
  const username = page.locator('input[name="username"]')
  const decision = page.locator(`button[name="decision"][value="${options.decision ?? 'approve'}"]`)
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    try {
      await username.or(decision).first().waitFor()
    } catch (cause) {
      throw new Error(`neither sign-in nor consent at ${page.url()}:\n${await page.textContent('body')}`, {
        cause,
      })
    }
    if (await decision.isVisible()) {
      await options.onPage?.('consent', page)
      return clickAndArrive(page, () => decision.click())
    }
    await options.onPage?.('sign-in', page)
    await username.fill(options.username)
    await page.locator('input[name="password"]').fill(options.password)
    await clickAndArrive(page, () =>
      page
        .locator(
          'form:has(input[name="password"]) button[type="submit"], form:has(input[name="password"]) button',
        )
        .first()
        .click(),
    )
  }
  throw new Error(`still asked to sign in after ${MAX_PAGES} pages:\n${await page.textContent('body')}`)
}

const MAX_PAGES = 3
const PAGE_TIMEOUT_MILLISECONDS = 15_000

const VIEWPORTS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const

/** A navigation commits once, at the end of its redirects. A page's own policy may forbid it, and then only says so. */
async function clickAndArrive(page: Page, click: () => Promise<void>): Promise<void> {
  const refused = page.waitForEvent('console', (message) =>
    message.text().includes('Content Security Policy'),
  )
  refused.catch(() => {})
  const arrived = page.waitForEvent('framenavigated')
  const [complaint] = await Promise.all([
    Promise.race([arrived.then(() => undefined), refused.then((message) => message.text())]),
    click(),
  ])
  if (complaint !== undefined) {
    arrived.catch(() => {})
    throw new Error(`the click at ${page.url()} was refused: ${complaint}`)
  }
}

/**
 * Answers for Claude's two names. Over the protocol and not by `page.route`, which is never asked about the target of a
 * redirect; and not by a TLS server, because the packaged Chromium needs libraries for TLS that a bare machine lacks.
 */
async function playClaude(page: Page, asked: URL[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  session.on('Fetch.requestPaused', ({ requestId, request }) => {
    asked.push(new URL(request.url))
    const answer = {
      requestId,
      responseCode: 200,
      responseHeaders: [{ name: 'content-type', value: 'text/html' }],
      body: Buffer.from('<!doctype html><title>Claude</title><p>Back at Claude.').toString('base64'),
    }
    // A page that is being closed takes its paused requests with it.
    session.send('Fetch.fulfillRequest', answer).catch(() => {})
  })
  await session.send('Fetch.enable', {
    patterns: [{ urlPattern: 'https://claude.ai/*' }, { urlPattern: 'https://claude.com/*' }],
  })
}

/** A name of this machine in a network without TLS, where Chromium is more sparing with headers than on localhost. */
export const lanName = 'postern.lan'

const ONLY_LOOPBACK_RESOLVES = `MAP ${lanName} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]`

interface Installation {
  readonly executablePath?: string
  readonly channel?: string
  readonly env?: Record<string, string>
}

/** POSTERN_TEST_CHROMIUM wins; the package holds a binary for Linux on x64 only, elsewhere an installed Chrome does. */
async function findChromium(): Promise<Installation> {
  const own = process.env.POSTERN_TEST_CHROMIUM
  if (own !== undefined) return { executablePath: own }
  if (process.platform !== 'linux' || process.arch !== 'x64') return { channel: 'chrome' }
  const folder = await unpack()
  const executablePath = join(folder, 'chromium')
  const env = { ...stringValues(process.env), FONTCONFIG_FILE: join(folder, 'fonts.conf') }
  // A machine with nothing installed lacks NSS and expat; the package brings them for Amazon Linux, and they do.
  const onItsOwn = await promisify(execFile)(executablePath, ['--version'], { env }).catch(() => undefined)
  if (onItsOwn !== undefined) return { executablePath, env }
  const libraries = [join(folder, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH ?? '']
  return { executablePath, env: { ...env, LD_LIBRARY_PATH: libraries.filter(Boolean).join(':') } }
}

/**
 * Unpacks once per machine and version. The package unpacks into os.tmpdir() and takes a half-written file of another
 * process for its own, so a process with a TMPDIR of its own does it, and a rename publishes the result.
 */
async function unpack(): Promise<string> {
  const require = createRequire(import.meta.url)
  const entry = require.resolve('@sparticuz/chromium')
  const { version } = require(join(entry, '..', '..', 'package.json')) as { version: string }
  const folder = join(tmpdir(), `postern-chromium-${version}`)
  if (existsSync(folder)) return folder
  const stage = await mkdtemp(join(tmpdir(), 'postern-chromium-stage-'))
  const script = `import(${JSON.stringify(pathToFileURL(entry).href)}).then((m) => m.default.executablePath())`
  // AWS_EXECUTION_ENV makes the package unpack its shared libraries too.
  const env = { ...process.env, TMPDIR: stage, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x', NODE_OPTIONS: '' }
  await promisify(execFile)(process.execPath, ['-e', script], { env })
  await writeFile(join(stage, 'fonts.conf'), fontsConfiguration(folder))
  try {
    await rename(stage, folder)
  } catch (error) {
    // Somebody else was first, and theirs is as good.
    await rm(stage, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** Only the packaged fonts, so that screenshots look the same on every machine. */
function fontsConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'fonts')}</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`
}

function stringValues(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
