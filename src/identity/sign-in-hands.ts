/** What the sign-in does for every page below it: which browser, whose form, where to next. */

import type { UserRecord } from '../storage/storage.ts'
import type { PageProblem } from '../ui/error.ts'
import type { Page } from '../ui/layout.ts'
import type { RequestBrowser, SignOutForm } from './login.ts'

export interface SignInHands {
  browserOf(request: Request): RequestBrowser
  /** Of the authorization request on which this browser is on its way, or of the browser alone. */
  flowOf(request: Request, returnTo: string): Promise<string>
  isGenuinePost(request: Request, form: URLSearchParams, purpose: string): boolean
  findUser(request: Request): Promise<UserRecord | undefined>
  /** Only ever a path of ours. */
  readReturn(asked: string | null): string
  /** Where the address of this request says. */
  returnOf(request: Request): string
  /** With the cookie of a browser that comes for the first time. */
  show(request: Request, page: Page, status: number): Response
  showProblem(status: number, problem: PageProblem): Response
  /** The sign-in page once more. */
  again(request: Request, status: number, returnTo: string, fault: string): Promise<Response>
  /** A session, and on to there. */
  enter(request: Request, user: UserRecord, returnTo: string): Promise<Response>
  sendToLogin(request: Request, returnTo: string): Response
  /** By 303. */
  goTo(location: string, setCookie?: string): Response
  signOutForm(request: Request, returnTo: string): SignOutForm
}
