/** The addresses of passkeys and recovery codes: signing in by one, and the page where a person keeps them. */

import type { PasskeyStorage, UserRecord } from '../storage/storage.ts'
import type { Brand } from '../ui/brand.ts'
import { type Page, pageHeaders } from '../ui/layout.ts'
import { passkeysPage, recoveryPage } from '../ui/passkeys.ts'
import { text } from '../ui/text.ts'
import { readFormBody } from './form-body.ts'
import type { RequestBrowser, SignOutForm } from './login.ts'
import { maximumPasskeys, type PasskeyLogin } from './passkey-login.ts'

export interface PasskeyPagesOptions {
  login: PasskeyLogin
  storage: PasskeyStorage
  frame: { brand: Brand; homePath: string }
  loginPath: string
  /** What the sign-in does for every way in. */
  hands: {
    browserOf(request: Request): RequestBrowser
    flowOf(browser: RequestBrowser, returnTo: string): Promise<string>
    isGenuinePost(request: Request, form: URLSearchParams, purpose: string): boolean
    findUser(request: Request): Promise<UserRecord | undefined>
    readReturn(asked: string | null): string
    /** The sign-in page once more. */
    again(request: Request, status: number, returnTo: string, fault: string): Promise<Response>
    /** A session, and on to there. */
    enter(request: Request, user: UserRecord, returnTo: string): Promise<Response>
    sendToLogin(request: Request, returnTo: string): Response
    signOutForm(request: Request, returnTo: string): SignOutForm
  }
}

export interface PasskeyEndpoint {
  method: 'GET' | 'POST'
  path: string
  handle(request: Request): Promise<Response>
}

export function passkeyEndpoints({
  login,
  storage,
  frame,
  loginPath,
  hands,
}: PasskeyPagesOptions): PasskeyEndpoint[] {
  const paths = {
    signIn: `${loginPath}/passkey`,
    recovery: `${loginPath}/recovery`,
    keep: `${loginPath}/passkeys`,
  }

  async function visitOf(request: Request, returnTo: string) {
    const browser = hands.browserOf(request)
    return { browserHash: browser.browserHash, flowId: await hands.flowOf(browser, returnTo) }
  }

  function show(request: Request, page: Page, status = 200): Response {
    const headers = pageHeaders(page)
    const { setCookie } = hands.browserOf(request)
    if (setCookie !== undefined) headers.append('set-cookie', setCookie)
    return new Response(page.html, { status, headers })
  }

  async function signIn(request: Request): Promise<Response> {
    const form = await readFormBody(request)
    const returnTo = hands.readReturn(form.get('then'))
    if (!hands.isGenuinePost(request, form, 'login'))
      return hands.again(request, 403, returnTo, text.signIn.expired)
    const user = await login.signIn(await visitOf(request, returnTo), form)
    return user === undefined
      ? hands.again(request, 403, returnTo, text.passkeys.failed)
      : hands.enter(request, user, returnTo)
  }

  /* Recovery */

  function showRecovery(request: Request, status: number, returnTo: string, fault?: string): Response {
    const csrf = hands.browserOf(request).csrf('recovery')
    const page = recoveryPage({ ...frame, action: paths.recovery, csrf, returnTo, fault })
    return show(request, page, status)
  }

  async function judgeRecovery(request: Request): Promise<Response> {
    const form = await readFormBody(request)
    const returnTo = hands.readReturn(form.get('then'))
    if (!hands.isGenuinePost(request, form, 'recovery'))
      return showRecovery(request, 403, returnTo, text.signIn.expired)
    const recovered = await login.recover(await visitOf(request, returnTo), form)
    switch (recovered.outcome) {
      case 'wait': {
        const { retryAfterSeconds } = recovered
        const response = showRecovery(request, 429, returnTo, text.signIn.wait(retryAfterSeconds))
        response.headers.set('retry-after', String(retryAfterSeconds))
        return response
      }
      case 'refused':
        return showRecovery(request, 403, returnTo, text.passkeys.recoverWrong)
      case 'signed-in': {
        // Whoever was on the way to a connection goes on; anybody else has a passkey to make.
        const isOnTheWay = returnTo !== frame.homePath
        return hands.enter(request, recovered.user, isOnTheWay ? returnTo : paths.keep)
      }
    }
  }

  /* Keeping them */

  type Notice = Parameters<typeof passkeysPage>[0]['notice']

  async function showPasskeys(
    request: Request,
    user: UserRecord,
    { notice, newCodes }: { notice?: Notice; newCodes?: readonly string[] } = {},
  ): Promise<Response> {
    const browser = hands.browserOf(request)
    const held = await storage.listPasskeys(user.userId)
    const hasRoom = held.length < maximumPasskeys
    const page = passkeysPage({
      ...frame,
      links: [],
      visitor: { ...user, signOut: hands.signOutForm(request, frame.homePath) },
      action: paths.keep,
      csrf: browser.csrf(purposeOf(user)),
      passkeys: held,
      adding: hasRoom ? await login.addChallenge(browser.browserHash, user) : undefined,
      recoveryCodesLeft: await storage.countRecoveryCodes(user.userId),
      newCodes,
      notice,
    })
    return show(request, page, notice === undefined || notice === 'added' ? 200 : 400)
  }

  async function keep(request: Request): Promise<Response> {
    const user = await hands.findUser(request)
    if (user === undefined) return hands.sendToLogin(request, paths.keep)
    // Who may enter from elsewhere is said there: a key of their own would outlive that.
    if (user.outside !== undefined) return hands.sendToLogin(request, frame.homePath)
    if (request.method === 'GET') return showPasskeys(request, user)
    const form = await readFormBody(request)
    if (!hands.isGenuinePost(request, form, purposeOf(user)))
      return showPasskeys(request, user, { notice: 'refused' })
    const visit = await visitOf(request, frame.homePath)
    switch (form.get('act')) {
      case 'add':
        return showPasskeys(request, user, { notice: await login.add(visit, user, form) })
      case 'remove':
        await login.remove(visit, user, form.get('id') ?? '')
        return showPasskeys(request, user)
      case 'codes':
        return showPasskeys(request, user, { newCodes: await login.makeRecoveryCodes(visit, user) })
      default:
        return showPasskeys(request, user)
    }
  }

  return [
    { method: 'POST', path: paths.signIn, handle: signIn },
    {
      method: 'GET',
      path: paths.recovery,
      handle: async (request) =>
        showRecovery(request, 200, hands.readReturn(new URL(request.url).searchParams.get('then'))),
    },
    { method: 'POST', path: paths.recovery, handle: judgeRecovery },
    { method: 'GET', path: paths.keep, handle: keep },
    { method: 'POST', path: paths.keep, handle: keep },
  ]
}

/** A page of one person is of no use when another has signed in meanwhile. */
function purposeOf({ userId }: UserRecord): string {
  return `passkeys of ${userId}`
}
