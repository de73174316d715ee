/** A browser without a browser: follows redirects by hand, fills plain forms, presses Approve, and stops where the answer goes to the client. */

import {
  approvalWords,
  type Browser,
  isAtRedirectUri,
  refusalWords,
  refuseForeignLogin,
  type Visit,
} from './browser.ts'
import { ConnectFailure } from './connect-failure.ts'
import { createCookieJar } from './cookie-jar.ts'
import { type FormButton, type HtmlForm, type HtmlPage, readHtmlPage, submissionOf } from './html-form.ts'
import type { WireAnswer } from './wire.ts'

export interface Login {
  username: string
  password: string
}

/** Pages and redirects of one sign-in; real ones have fewer than ten. */
const maximumHops = 30
const pageLimits = { deadlineSeconds: 30, maximumBytes: 2 * 1024 * 1024 }
/** A page that is told of in a message. */
const quotedCharacters = 300

export function createFetchBrowser(login: Login | undefined): Browser {
  return {
    name: 'fetch',
    catchesForeignRedirects: true,
    visit: (visit) => walk(visit, login),
  }
}

interface Hop {
  url: string
  method: 'GET' | 'POST'
  body: string | undefined
  /** The page whose form is sent. */
  from: string | undefined
  /** The body holds the password. */
  isLogin?: boolean
}

async function walk(visit: Visit, login: Login | undefined): Promise<string> {
  const jar = createCookieJar()
  const told = { login: false }
  visit.transcript.mask.learn('password', login?.password)
  let hop: Hop = { url: visit.authorizationUrl, method: 'GET', body: undefined, from: undefined }
  for (let count = 0; count < maximumHops; count++) {
    const answer = await request(visit, jar.header(hop.url), hop)
    jar.store(hop.url, answer.headers)
    const location = answer.headers.get('location')
    if (answer.status >= 300 && answer.status <= 399 && location !== null) {
      const target = resolve(location, hop.url)
      if (isAtRedirectUri(target, visit.redirectUri)) return arrive(target, answer.status, hop)
      hop = redirected(target, answer.status, hop)
      if (hop.isLogin === true) refuseForeignLogin(visit, hop.url)
      continue
    }
    hop = submit(answer, hop, login, told, visit)
    if (isAtRedirectUri(hop.url, visit.redirectUri)) return hop.url
  }
  throw new ConnectFailure(
    'sign-in',
    `the sign-in did not come to an end within ${maximumHops} pages and redirects`,
  )
}

async function request(visit: Visit, cookie: string | undefined, hop: Hop): Promise<WireAnswer> {
  const headers: Record<string, string> = {
    Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    'User-Agent': 'Mozilla/5.0 (compatible; Postern connector)',
    'Sec-Fetch-Dest': 'document',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Site': siteOf(hop),
  }
  if (cookie !== undefined) headers.Cookie = cookie
  if (hop.from !== undefined) headers.Referer = hop.from
  if (hop.method === 'POST' && hop.from !== undefined) headers.Origin = new URL(hop.from).origin
  if (hop.body !== undefined) headers['Content-Type'] = 'application/x-www-form-urlencoded'
  return visit.wire.send(
    { method: hop.method, url: hop.url, headers, ...(hop.body === undefined ? {} : { body: hop.body }) },
    pageLimits,
  )
}

function siteOf(hop: Hop): string {
  if (hop.from === undefined) return 'cross-site'
  return new URL(hop.from).origin === new URL(hop.url).origin ? 'same-origin' : 'cross-site'
}

/** Claude's callback takes GET only: a redirect that keeps the POST ends there in "Method Not Allowed" (seen 2026-05). */
function arrive(target: string, status: number, hop: Hop): string {
  if (hop.method === 'POST' && (status === 307 || status === 308)) {
    const says = `the answer is redirected with ${status}, which keeps the POST of the consent form; the callback takes GET: use 303`
    throw new ConnectFailure('sign-in', says, {
      problems: [{ code: 'invalid_request', at: 'status', says, standard: 'RFC 9700 §4.12' }],
    })
  }
  return target
}

function redirected(target: string, status: number, hop: Hop): Hop {
  if (!/^https?:\/\//i.test(target)) {
    throw new ConnectFailure(
      'sign-in',
      `the sign-in leads to ${JSON.stringify(target.slice(0, 200))}, which is no web address`,
    )
  }
  const keepsMethod = status === 307 || status === 308
  return keepsMethod
    ? { ...hop, url: target }
    : { url: target, method: 'GET', body: undefined, from: hop.from }
}

function submit(
  answer: WireAnswer,
  hop: Hop,
  login: Login | undefined,
  told: { login: boolean },
  visit: Visit,
): Hop {
  const read = readHtmlPage(answer.text)
  const page = read.text.slice(0, quotedCharacters)
  const loginForm = read.forms.find((form) => form.fields.some(({ type }) => type === 'password'))
  if (loginForm !== undefined) {
    const filled = fillLogin(loginForm, hop, login, told, page)
    refuseForeignLogin(visit, hop.url, filled.url)
    return filled
  }
  // After the login form: a wrong password is often answered with 401 or 403 and the form once more.
  if (answer.status >= 400) {
    throw new ConnectFailure('sign-in', `the sign-in ended at a page with status ${answer.status}: ${page}`)
  }
  const approval = findApproval(read.forms)
  if (approval !== undefined) return send(approval.form, approval.button, new Map(), hop)
  const onward = findOnward(read, hop.url, visit.redirectUri)
  if (onward !== undefined) return { url: onward, method: 'GET', body: undefined, from: hop.url }
  throw new ConnectFailure(
    'sign-in',
    `no form to sign in with, nor a button to approve, was found on this page; it may need a real browser (--browser headless or system): ${page}`,
  )
}

function fillLogin(
  form: HtmlForm,
  hop: Hop,
  login: Login | undefined,
  told: { login: boolean },
  page: string,
): Hop {
  if (login === undefined) {
    throw new ConnectFailure(
      'sign-in',
      'the server asks for a user name and a password; set POSTERN_LOGIN=user:password',
    )
  }
  if (told.login) throw new ConnectFailure('sign-in', `the user name and password were not accepted: ${page}`)
  told.login = true
  const filled = new Map<string, string>()
  for (const { name, type } of form.fields) {
    if (type === 'password') filled.set(name, login.password)
    else if (/user|login|email|account/i.test(name) && type !== 'hidden') filled.set(name, login.username)
  }
  const decline = form.buttons.filter((button) => !isRefusal(button))
  return { ...send(form, decline[0] ?? form.buttons[0], filled, hop), isLogin: true }
}

function findApproval(
  forms: readonly HtmlForm[],
): { form: HtmlForm; button: FormButton | undefined } | undefined {
  const pairs = forms.flatMap((form) => form.buttons.map((button) => ({ form, button })))
  const exact = pairs.find(({ button }) => button.name === 'decision' && button.value === 'approve')
  return exact ?? pairs.find(({ button }) => isApproval(button))
}

function isApproval(button: FormButton): boolean {
  return approvalWords.test(button.text) && !isRefusal(button)
}

/** A button that says no. */
export function isRefusal(button: FormButton): boolean {
  return refusalWords.test(button.text) || refusalWords.test(button.value)
}

function send(
  form: HtmlForm,
  button: FormButton | undefined,
  filled: ReadonlyMap<string, string>,
  hop: Hop,
): Hop {
  const url = resolve(button?.action ?? form.action, hop.url)
  if (!/^https?:\/\//i.test(url)) {
    throw new ConnectFailure(
      'sign-in',
      `a form goes to ${JSON.stringify(url.slice(0, 200))}, which is no web address`,
    )
  }
  const body = submissionOf(form, button, filled)
  if (form.method === 'POST') return { url, method: 'POST', body: body.toString(), from: hop.url }
  const target = new URL(url)
  target.search = body.toString()
  return { url: target.href, method: 'GET', body: undefined, from: hop.url }
}

/** A page that goes on by itself, or whose one link leads to the client. */
function findOnward(page: HtmlPage, base: string, redirectUri: string): string | undefined {
  if (page.refresh !== undefined) return resolve(page.refresh, base)
  return page.links
    .map((link) => resolve(link, base))
    .find((target) => target !== redirectUri && isAtRedirectUri(target, redirectUri))
}

function resolve(target: string, base: string): string {
  return URL.canParse(target, base) ? new URL(target, base).href : target
}
