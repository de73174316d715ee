/** A real Chromium without a window, from optional packages: runs the pages' scripts, presses Approve, catches the answer before it leaves. */

import type { Browser as Chromium, Page } from 'playwright-core'
import { parseUrl } from '../platform/url.ts'
import {
  approvalWords,
  type Browser,
  isAtRedirectUri,
  refusalWords,
  refuseForeignLogin,
  type Visit,
  withPatience,
} from './browser.ts'
import type { Login } from './browser-fetch.ts'
import { ConnectFailure } from './connect-failure.ts'
import { type GuardedProxy, openGuardedProxy } from './guarded-proxy-node.ts'
import type { LoginStep } from './login-script.ts'
import type { MayBePrivate } from './private-hosts.ts'

export interface HeadlessBrowserOptions {
  login: Login | undefined
  /** Done first; what it leaves open goes on as without it. */
  script?: readonly LoginStep[] | undefined
  patienceSeconds: number
  /** Beside these and what the script opens, pages and all that they load come from public addresses only. */
  mayBePrivate: MayBePrivate
}

/** Pages of one sign-in: log in, consent, and what some servers put between. */
const maximumPages = 10

export function createHeadlessBrowser(options: HeadlessBrowserOptions): Browser {
  return {
    name: 'headless',
    catchesForeignRedirects: true,
    async visit(visit) {
      visit.transcript.mask.learn('password', options.login?.password)
      for (const { isSecret, value } of options.script ?? [])
        if (isSecret) visit.transcript.mask.learn('password', value)
      const proxy = await openGuardedProxy({
        mayBePrivate: (hostname) => options.mayBePrivate(hostname) || isOpenedByScript(hostname, options),
        closedHost: visit.callback === undefined ? new URL(visit.redirectUri).hostname : undefined,
      })
      try {
        const chromium = await launch(proxy)
        try {
          return await signIn(chromium, visit, proxy, options)
        } finally {
          await chromium.close()
        }
      } finally {
        await proxy.close()
      }
    },
  }
}

/** The person wrote it there. */
function isOpenedByScript(hostname: string, { script = [] }: HeadlessBrowserOptions): boolean {
  return script.some(({ target, verb }) => verb === 'open' && parseUrl(target)?.hostname === hostname)
}

async function launch(proxy: GuardedProxy): Promise<Chromium> {
  const { default: sparticuz } = await import('@sparticuz/chromium').catch(missing)
  const { chromium } = await import('playwright-core').catch(missing)
  return chromium.launch({
    executablePath: await sparticuz.executablePath(),
    headless: true,
    // The package's own flags switch web security off, which would hide what a person's browser refuses.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      `--proxy-server=${proxy.address}`,
      // By itself it would go around the proxy to this machine.
      '--proxy-bypass-list=<-loopback>',
      '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    ],
  })
}

function missing(cause: unknown): never {
  throw new ConnectFailure(
    'usage',
    '--browser headless needs two packages that are not installed: npm install playwright-core @sparticuz/chromium',
    { cause },
  )
}

async function signIn(
  chromium: Chromium,
  visit: Visit,
  proxy: GuardedProxy,
  options: HeadlessBrowserOptions,
): Promise<string> {
  const page = await chromium.newPage()
  const { promise: landed, resolve: land } = Promise.withResolvers<string>()
  // Seen when the request is made, which for a redirect is before any packet goes to its host.
  page.on('request', (request) => {
    if (request.isNavigationRequest() && isAtRedirectUri(request.url(), visit.redirectUri))
      land(request.url())
  })
  const { promise: lost, reject: lose } = Promise.withResolvers<never>()
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? ''
    const isPage = request.isNavigationRequest() && request.frame() === page.mainFrame()
    if (isPage && why !== superseded && !isAtRedirectUri(request.url(), visit.redirectUri))
      lose(unreached(request.url(), why, proxy))
  })
  const seconds = options.patienceSeconds
  page.setDefaultTimeout(seconds * 1000)
  const walked = walk(page, visit, options, landed)
  return withPatience(Promise.race([landed, lost, walked]), {
    seconds,
    says: `the sign-in took longer than ${seconds} seconds`,
    signal: visit.signal,
  })
}

/** Another page was gone to meanwhile, or the answer is none that is shown. */
const superseded = 'net::ERR_ABORTED'

function unreached(url: string, why: string, proxy: GuardedProxy): ConnectFailure {
  const { hostname, origin, pathname } = new URL(url)
  const reason = proxy.hasRefused(hostname)
    ? 'is not at a public address; --allow-private-addresses goes there all the same'
    : `could not be reached: ${why}`
  return new ConnectFailure('sign-in', `the sign-in leads to ${origin}${pathname}, which ${reason}`)
}

async function walk(
  page: Page,
  visit: Visit,
  options: HeadlessBrowserOptions,
  landed: Promise<string>,
): Promise<string> {
  // A redirect to an address that is not resolved fails the navigation that brought the answer.
  await page.goto(visit.authorizationUrl, { waitUntil: 'domcontentloaded' }).catch(() => undefined)
  for (const step of options.script ?? []) {
    if (isAtRedirectUri(page.url(), visit.redirectUri) || page.url().startsWith('chrome-error:'))
      return landed
    await doStep(page, step)
  }
  let isLoginTold = false
  for (let count = 0; count < maximumPages; count++) {
    if (isAtRedirectUri(page.url(), visit.redirectUri) || page.url().startsWith('chrome-error:'))
      return landed
    const before = page.url()
    const password = page.locator('input[type=password]')
    if ((await password.count()) > 0) {
      if (isLoginTold) throw new ConnectFailure('sign-in', 'the user name and password were not accepted')
      isLoginTold = true
      await fillLogin(page, visit, options.login)
    } else await approve(page)
    await Promise.race([landed, settled(page, before)])
  }
  throw new ConnectFailure('sign-in', `the sign-in did not come to an end within ${maximumPages} pages`)
}

/** For one step of a script; pages of identity providers load scripts first. */
const stepPatienceMs = 15_000
const pressPatienceMs = 1000

async function doStep(page: Page, step: LoginStep): Promise<void> {
  try {
    await act(page, step)
  } catch (cause) {
    const says = `line ${step.line} of the login script, ${step.verb} ${JSON.stringify(step.target)}, did not work on this page: ${await readText(page)}`
    throw new ConnectFailure('sign-in', says, { cause })
  }
}

async function act(page: Page, { verb, target, value = '' }: LoginStep): Promise<void> {
  const patience = { timeout: stepPatienceMs }
  if (verb === 'open') await page.goto(target, { ...patience, waitUntil: 'domcontentloaded' })
  else if (verb === 'fill') await page.locator(target).first().fill(value, patience)
  else if (verb === 'choose') await page.locator(target).first().selectOption(value, patience)
  else if (verb === 'tick') await page.locator(target).first().check(patience)
  else if (verb === 'wait') await namedOnPage(page, target).waitFor(patience)
  else {
    const before = page.url()
    await namedOnPage(page, target).click({ ...patience, noWaitAfter: true })
    // The next step waits by itself for what it needs.
    await settled(page, before, pressPatienceMs)
  }
}

/** By a CSS selector where it looks like one, else by what a person reads on it. */
function namedOnPage(page: Page, target: string): ReturnType<Page['locator']> {
  if (/^[#.[]|^\w+[#.[:]/.test(target)) return page.locator(target).first()
  const buttons = page.getByRole('button', { name: target })
  return buttons
    .or(page.getByRole('link', { name: target }))
    .or(page.getByText(target))
    .first()
}

async function readText(page: Page): Promise<string> {
  const text = await page
    .locator('body')
    .textContent({ timeout: 1000 })
    .catch(() => '')
  return (text ?? '').replace(/\s+/g, ' ').trim().slice(0, 300)
}

async function fillLogin(page: Page, visit: Visit, login: Login | undefined): Promise<void> {
  if (login === undefined) {
    throw new ConnectFailure(
      'sign-in',
      'the server asks for a user name and a password; set POSTERN_LOGIN=user:password',
    )
  }
  const form = page.locator('form:has(input[type=password])').first()
  const action = (await form.getAttribute('action')) ?? ''
  refuseForeignLogin(visit, page.url(), URL.parse(action, page.url())?.href ?? action)
  const name = form.locator(
    'input[name*=user i], input[name*=email i], input[name*=login i], input[type=email]',
  )
  if ((await name.count()) > 0) await name.first().fill(login.username)
  await form.locator('input[type=password]').first().fill(login.password)
  await form
    .locator('button[type=submit], input[type=submit], button:not([type])')
    .first()
    .click({ noWaitAfter: true })
}

async function approve(page: Page): Promise<void> {
  const own = page.locator('button[name=decision][value=approve]')
  if ((await own.count()) > 0) return own.first().click({ noWaitAfter: true })
  const buttons = page.getByRole('button', { name: approvalWords })
  for (const button of await buttons.all()) {
    const text = (await button.textContent()) ?? ''
    if (!refusalWords.test(text)) return button.click({ noWaitAfter: true })
  }
  throw new ConnectFailure('sign-in', `no button to approve was found on this page: ${await readText(page)}`)
}

/** A click led to another page, or to the same address with other content. */
async function settled(page: Page, before: string, patienceMs = 5000): Promise<void> {
  const patience = { timeout: patienceMs }
  await page
    .waitForURL((url) => url.href !== before, { ...patience, waitUntil: 'commit' })
    .catch(() => undefined)
  await page.waitForLoadState('domcontentloaded', patience).catch(() => undefined)
}
