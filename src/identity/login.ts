/** Who is at the browser: signing in and signing out, by whichever way there is. */

import type { Clock } from '../platform/clock.ts'
import { equalInConstantTime } from '../platform/crypto.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type {
  AccountStorage,
  AuthorizationStorage,
  PasskeyStorage,
  SessionStorage,
  UniqueIdStorage,
  UserRecord,
} from '../storage/storage.ts'
import type { Brand } from '../ui/brand.ts'
import { departurePage } from '../ui/departure.ts'
import { errorPage, type PageProblem } from '../ui/error.ts'
import type { SignOut } from '../ui/form.ts'
import { pageHeaders, pageResponse } from '../ui/layout.ts'
import { loginPage } from '../ui/login.ts'
import { text } from '../ui/text.ts'
import { createBrowserSessions } from './browser-session.ts'
import { readFormBody } from './form-body.ts'
import { createGuessBrake, type GuessLimits } from './guess-brake.ts'
import { createHeaderLogin, type HeaderLoginOptions } from './header-login.ts'
import type { FormProvider } from './identity-provider.ts'
import { createOutsideLogin, type OutsideLoginOptions } from './outside-login.ts'
import { faultOfReturn, type OutsideEndpoint, outsideEndpoints, outsidePath } from './outside-pages.ts'
import { createPasskeyLogin, type PasskeyLoginOptions } from './passkey-login.ts'
import {
  mayHavePasskeys,
  type PasskeyEndpoint,
  type PasskeyPagesOptions,
  passkeyEndpoints,
  passkeyPaths,
} from './passkey-pages.ts'
import { createRequestBrowsers, type RequestBrowsers } from './request-browser.ts'
import { setupEndpoint } from './setup-pages.ts'
import type { SignInHands } from './sign-in-hands.ts'

export interface LoginOptions {
  /** The pending request, if there is one, joins sign-in to its flow. */
  storage: AccountStorage &
    SessionStorage &
    PasskeyStorage &
    UniqueIdStorage &
    Pick<AuthorizationStorage, 'findPendingAuthorization'>
  /** Undefined where nobody has an account of this server. */
  provider: FormProvider | undefined
  /** Where else people can sign in. */
  outside?: OutsideChoice | undefined
  /** Accounts of this server may have passkeys. */
  passkeys?: PasskeyChoice | undefined
  /** A reverse proxy names people. */
  header?: HeaderChoice | undefined
  /** Ours, from configuration. */
  origin: string
  basePath?: string | undefined
  /** Of forms and challenges: what a browser gets from us and has to bring back. */
  keys: { csrf: Uint8Array }
  telemetry: Telemetry
  clock: Clock
  brand: Brand
  guessLimits?: GuessLimits | undefined
}

export interface Login extends RequestBrowsers {
  whoIsThere(request: Request): Promise<UserRecord | undefined>
  /** 303 to the sign-in page, which comes back to `returnTo`. */
  sendToLogin(request: Request, returnTo: string): Response
  /** What a form needs that signs this person out and comes back to `returnTo` as nobody. */
  signOutForm(request: Request, returnTo: string): SignOut
  endpoints: Record<'login' | 'logout' | 'setup', (request: Request) => Promise<Response>>
  outsideEndpoints: readonly OutsideEndpoint[]
  passkeyEndpoints: readonly PasskeyEndpoint[]
  /** Where this person keeps passkeys; undefined where there are none to keep. */
  passkeysPathOf(user: UserRecord | undefined): string | undefined
  /** Nobody can sign in before somebody has made the first account. */
  needsSetup(): Promise<boolean>
}

export type PasskeyChoice = Pick<PasskeyLoginOptions, 'provider'> & Pick<PasskeyPagesOptions, 'linksFor'>

export type HeaderChoice = Pick<HeaderLoginOptions, 'provider' | 'peerOf'>

export type OutsideChoice = Pick<OutsideLoginOptions, 'providers' | 'detours' | 'way'>

export function createLogin(options: LoginOptions): Login {
  const { storage, provider, origin, telemetry, clock, brand } = options
  const basePath = options.basePath ?? ''
  const homePath = `${basePath}/`
  const frame = { brand, homePath }
  const paths = { login: `${basePath}/login`, logout: `${basePath}/logout`, setup: `${basePath}/setup` }
  const sessions = createBrowserSessions(storage, origin, clock)
  const browsers = createRequestBrowsers({ origin, csrfKey: options.keys.csrf, telemetry })
  const { browserOf, isGenuinePost, show } = browsers
  const brake = createGuessBrake(clock, options.guessLimits)

  const providers = options.outside?.providers ?? []
  const outside =
    options.outside &&
    createOutsideLogin({ ...options.outside, storage, loginUrl: origin + paths.login, telemetry, clock })

  const passkeyLogin =
    options.passkeys &&
    createPasskeyLogin({
      ...options.passkeys,
      storage,
      challengeKey: options.keys.csrf,
      site: { origin, name: brand.name },
      brake,
      telemetry,
      clock,
    })

  const headerLogin = options.header && createHeaderLogin({ ...options.header, storage, telemetry, clock })

  async function whoIsThere(request: Request): Promise<UserRecord | undefined> {
    const user = await sessions.findUser(request)
    return user !== undefined && headerLogin?.contradicts(request, user) === true ? undefined : user
  }

  async function login(request: Request): Promise<Response> {
    if (request.method === 'POST') return judgeLogin(request)
    const returnTo = returnOf(request)
    if ((await whoIsThere(request)) !== undefined) return seeOther(returnTo)
    const flowId = await flowOf(request, returnTo)
    const named = await headerLogin?.enter(request, flowId)
    if (named?.outcome === 'entered') return enter(request, named.user, returnTo)
    if (await needsSetup()) {
      telemetry.emit('login.impossible', flowId)
      return showProblem(503, { kind: 'no-account' })
    }
    const isUnwelcome = headerLogin !== undefined && named?.outcome === 'not-welcome'
    const fault = isUnwelcome
      ? text.signIn.outsideProblem['not-welcome'](headerLogin.label)
      : faultOfReturn(request, providers)
    return showLogin(request, fault === undefined ? 200 : 403, { returnTo, username: '', fault })
  }

  async function needsSetup(): Promise<boolean> {
    return providers.length === 0 && headerLogin === undefined && !(await storage.hasUsers())
  }

  async function judgeLogin(request: Request): Promise<Response> {
    const form = await readFormBody(request)
    const returnTo = readReturn(form.get('then'))
    const username = form.get('username') ?? ''
    if (provider === undefined) return showLogin(request, 403, { returnTo, username: '', fault: undefined })
    if (!isGenuinePost(request, form, 'login')) {
      return showLogin(request, 403, { returnTo, username, fault: text.signIn.expired })
    }
    const flowId = await flowOf(request, returnTo)
    const attempt = brake.take(username, browserOf(request).browserHash)
    if (!attempt.mayTry) {
      telemetry.emit('login.braked', flowId)
      const fault = text.signIn.wait(attempt.retryAfterSeconds)
      return showLogin(request, 429, {
        returnTo,
        username,
        fault,
        retryAfterSeconds: attempt.retryAfterSeconds,
      })
    }
    const result = await provider.signIn(username, form.get('password') ?? '')
    if (result.outcome === 'busy') {
      attempt.wasNotLookedAt()
      telemetry.emit('login.failed', flowId, { reason: 'busy' })
      const fault = text.signIn.busy
      return showLogin(request, 503, { returnTo, username, fault, retryAfterSeconds: busyRetrySeconds })
    }
    if (result.outcome === 'refused') {
      telemetry.emit('login.failed', flowId, { reason: 'wrong name or password' })
      return showLogin(request, 403, { returnTo, username, fault: text.signIn.wrong })
    }
    attempt.succeeded()
    telemetry.emit('login.succeeded', flowId, { userId: result.user.userId })
    return enter(request, result.user, returnTo)
  }

  async function logout(request: Request): Promise<Response> {
    if (request.method !== 'POST') return methodNotAllowed('POST')
    const form = await browsers.readGenuineForm(request, 'logout')
    const user = await sessions.findUser(request)
    const clearedCookie = await sessions.end(request)
    telemetry.emit('login.ended', browserOf(request).flowId, { userId: user?.userId })
    const there = user && (signOutAtProxy(user) ?? (await outside?.signOut(user)))
    if (there !== undefined) {
      const page = departurePage({ ...frame, provider: there.label, url: there.url })
      const headers = pageHeaders(page)
      headers.append('set-cookie', clearedCookie)
      return new Response(page.html, { headers })
    }
    return seeOther(readReturn(form.get('then')), clearedCookie)
  }

  function signOutAtProxy(user: UserRecord): { label: string; url: URL } | undefined {
    const url = headerLogin?.signOutUrlOf(user)
    return headerLogin && url && { label: headerLogin.label, url }
  }

  interface LoginFormState {
    returnTo: string
    username: string
    fault: string | undefined
    retryAfterSeconds?: number
  }

  async function showLogin(request: Request, status: number, state: LoginFormState): Promise<Response> {
    const { returnTo, username, fault } = state
    const browser = browserOf(request)
    const passkeyOptions = await passkeyLogin?.signInOptions(browser.browserHash)
    const page = loginPage({
      ...frame,
      action: paths.login,
      csrf: browser.csrf('login'),
      returnTo,
      username,
      fault,
      isForConnection: requestPath.test(returnTo.slice(basePath.length)),
      hasForm: provider !== undefined,
      namedBy: headerLogin?.label,
      passkey: passkeyLogin && {
        action: passkeyPaths(paths.login).signIn,
        csrf: browser.csrf('login'),
        returnTo,
        options: passkeyOptions,
      },
      recoveryPath:
        passkeyLogin && `${passkeyPaths(paths.login).recovery}?then=${encodeURIComponent(returnTo)}`,
      elsewhere: providers.map(({ name, label }) => ({
        label,
        path: `${outsidePath(paths.login, name)}?then=${encodeURIComponent(returnTo)}`,
      })),
    })
    const response = show(request, page, status)
    if (state.retryAfterSeconds !== undefined)
      response.headers.set('retry-after', String(state.retryAfterSeconds))
    return response
  }

  function showProblem(status: number, problem: PageProblem): Response {
    return pageResponse(errorPage({ ...frame, errorId: undefined, problem }), status)
  }

  /** Of the authorization request that `returnTo` names, if it is this browser's; else of the browser alone. */
  async function flowOf(request: Request, returnTo: string): Promise<string> {
    const browser = browserOf(request)
    const pendingId = requestPath.exec(returnTo.slice(basePath.length))?.[1]
    const pending =
      pendingId === undefined ? undefined : await storage.findPendingAuthorization(pendingId, clock())
    const isOwn = pending !== undefined && equalInConstantTime(pending.browserHash, browser.browserHash)
    return isOwn ? pending.flowId : browser.flowId
  }

  /** Only ever a path of ours: what somebody else put into a link must not decide where a signed-in browser goes. */
  function readReturn(asked: string | null): string {
    if (asked === null || !asked.startsWith(homePath)) return homePath
    const path = asked.slice(basePath.length)
    return requestPath.test(path) || personalPath.test(path) ? asked : homePath
  }

  function returnOf(request: Request): string {
    return readReturn(new URL(request.url).searchParams.get('then'))
  }

  async function enter(request: Request, { userId }: UserRecord, returnTo: string): Promise<Response> {
    return seeOther(returnTo, await sessions.begin(request, userId))
  }

  function sendToLogin(request: Request, returnTo: string): Response {
    const location = `${paths.login}?then=${encodeURIComponent(readReturn(returnTo))}`
    return seeOther(location, browserOf(request).setCookie)
  }

  function signOutForm(request: Request, returnTo: string): SignOut {
    return { action: paths.logout, csrf: browserOf(request).csrf('logout'), returnTo: readReturn(returnTo) }
  }

  const hands: SignInHands = {
    browserOf,
    flowOf,
    isGenuinePost,
    whoIsThere,
    readReturn,
    returnOf,
    show,
    showProblem,
    again: (request, status, returnTo, fault) =>
      showLogin(request, status, { returnTo, username: '', fault }),
    enter,
    sendToLogin,
    goTo: seeOther,
    signOutForm,
  }
  const setup = setupEndpoint({ provider, storage, frame, path: paths.setup, hands, telemetry, clock })

  return {
    ...browsers,
    whoIsThere,
    sendToLogin,
    signOutForm,
    endpoints: { login, logout, setup },
    outsideEndpoints: outside
      ? outsideEndpoints({ login: outside, providers, loginPath: paths.login, hands })
      : [],
    passkeyEndpoints: passkeyLogin
      ? passkeyEndpoints({
          login: passkeyLogin,
          storage,
          frame,
          loginPath: paths.login,
          linksFor: options.passkeys?.linksFor ?? (() => []),
          clock,
          hands,
        })
      : [],
    passkeysPathOf: (user) =>
      passkeyLogin && user && mayHavePasskeys(user) ? passkeyPaths(paths.login).keep : undefined,
    needsSetup,
  }
}

/** Pages besides the home page that a person is sent back to: a request that waits for an answer, */
const requestPath = /^\/oauth\/authorize\?request=([A-Za-z0-9_-]{1,128})$/

/** and what is shown only to who has signed in. */
const personalPath = /^\/(?:(?:account|console)(?:\/[A-Za-z0-9._~-]+)*|login\/passkeys)$/

const busyRetrySeconds = 2

/** OAuth 2.1 §7.5.3: 303, so that no browser sends the password on to the next address. */
function seeOther(location: string, setCookie?: string): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store', 'referrer-policy': 'same-origin' })
  if (setCookie !== undefined) headers.append('set-cookie', setCookie)
  return new Response(null, { status: 303, headers })
}

function methodNotAllowed(allow: string): Response {
  return new Response(null, { status: 405, headers: { allow } })
}
