/** The addresses of passkeys and recovery codes: signing in by one, and the page where a person keeps them. */

import type { Clock } from '../platform/clock.ts'
import type { PasskeyStorage, UserRecord } from '../storage/storage.ts'
import type { Brand } from '../ui/brand.ts'
import type { PageLink } from '../ui/layout.ts'
import { type PasskeyDeed, type PasskeyFault, passkeysPage, recoveryPage } from '../ui/passkeys.ts'
import { text } from '../ui/text.ts'
import { readFormBody } from './form-body.ts'
import { maximumPasskeys, type PasskeyLogin } from './passkey-login.ts'
import { ownNames } from './provider-name.ts'
import type { SignInHands } from './sign-in-hands.ts'

export interface PasskeyPagesOptions {
  login: PasskeyLogin
  storage: PasskeyStorage
  frame: { brand: Brand; homePath: string }
  loginPath: string
  /** Which pages there are for this person. */
  linksFor(user: UserRecord): readonly PageLink[]
  clock: Clock
  hands: SignInHands
}

export interface PasskeyEndpoint {
  method: 'GET' | 'POST'
  path: string
  handle(request: Request): Promise<Response>
}

export function passkeyPaths(loginPath: string): Record<keyof typeof ownNames, string> {
  const { signIn, recovery, keep } = ownNames
  return {
    signIn: `${loginPath}/${signIn}`,
    recovery: `${loginPath}/${recovery}`,
    keep: `${loginPath}/${keep}`,
  }
}

export function passkeyEndpoints({
  login,
  storage,
  frame,
  loginPath,
  linksFor,
  clock,
  hands,
}: PasskeyPagesOptions): PasskeyEndpoint[] {
  const paths = passkeyPaths(loginPath)

  async function visitOf(request: Request, returnTo: string) {
    const { browserHash } = hands.browserOf(request)
    return { browserHash, flowId: await hands.flowOf(request, returnTo) }
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
    return hands.show(request, page, status)
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

  async function showPasskeys(
    request: Request,
    user: UserRecord,
    { done, fault, newCodes }: { done?: PasskeyDeed; fault?: PasskeyFault; newCodes?: readonly string[] },
  ): Promise<Response> {
    const browser = hands.browserOf(request)
    const held = await storage.listPasskeys(user.userId)
    const hasRoom = held.length < maximumPasskeys
    const page = passkeysPage({
      ...frame,
      links: linksFor(user),
      visitor: { ...user, signOut: hands.signOutForm(request, frame.homePath) },
      action: paths.keep,
      csrf: browser.csrf(purposeOf(user)),
      passkeys: held,
      addingOptions: hasRoom ? await login.addOptions(browser.browserHash, user) : undefined,
      recoveryCodesLeft: await storage.countRecoveryCodes(user.userId),
      newCodes,
      done,
      fault,
      now: clock(),
    })
    return hands.show(request, page, fault === undefined ? 200 : faultStatus[fault])
  }

  async function keep(request: Request): Promise<Response> {
    const user = await hands.whoIsThere(request)
    if (user === undefined) return hands.sendToLogin(request, paths.keep)
    if (!mayHavePasskeys(user)) return hands.goTo(frame.homePath)
    if (request.method === 'GET')
      return showPasskeys(request, user, readDeed(new URL(request.url).searchParams.get('done')))
    const form = await readFormBody(request)
    if (!hands.isGenuinePost(request, form, purposeOf(user)))
      return showPasskeys(request, user, { fault: 'expired' })
    const visit = await visitOf(request, frame.homePath)
    switch (form.get('act')) {
      case 'add': {
        const outcome = await login.add(visit, user, form)
        return outcome === 'added'
          ? hands.goTo(donePath(outcome))
          : showPasskeys(request, user, { fault: outcome })
      }
      case 'remove':
        await login.remove(visit, user, form.get('id') ?? '')
        // A session of its own, because all that there were have ended with the passkey.
        return hands.enter(request, user, donePath('removed'))
      case 'codes':
        // Shown by this answer alone: what an address leads to can be opened again.
        return showPasskeys(request, user, { newCodes: await login.makeRecoveryCodes(visit, user) })
      default:
        return showPasskeys(request, user, { fault: 'expired' })
    }
  }

  /** So that a reload does nothing twice. */
  function donePath(deed: PasskeyDeed): string {
    return `${paths.keep}?done=${deed}`
  }

  return [
    { method: 'POST', path: paths.signIn, handle: signIn },
    {
      method: 'GET',
      path: paths.recovery,
      handle: async (request) => showRecovery(request, 200, hands.returnOf(request)),
    },
    { method: 'POST', path: paths.recovery, handle: judgeRecovery },
    { method: 'GET', path: paths.keep, handle: keep },
    { method: 'POST', path: paths.keep, handle: keep },
  ]
}

/** Who may enter from elsewhere is said there, at each sign-in: a key of their own would outlive that. */
export function mayHavePasskeys({ outside }: UserRecord): boolean {
  return outside === undefined
}

const faultStatus = { expired: 403, refused: 400, full: 409 } as const satisfies Record<PasskeyFault, number>

function readDeed(asked: string | null): { done?: PasskeyDeed } {
  return asked === 'added' || asked === 'removed' ? { done: asked } : {}
}

/** A page of one person is of no use when another has signed in meanwhile. */
function purposeOf({ userId }: UserRecord): string {
  return `passkeys of ${userId}`
}
