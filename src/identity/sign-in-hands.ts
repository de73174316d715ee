/** What the sign-in does for every page below it: which browser, whose form, where to next. */

import type { UserRecord } from '../storage/storage.ts'
import type { PageProblem } from '../ui/error.ts'
import type { Login } from './login.ts'
import type { RequestBrowsers } from './request-browser.ts'

export interface SignInHands
  extends Pick<RequestBrowsers, 'browserOf' | 'isGenuinePost' | 'show'>,
    Pick<Login, 'whoIsThere' | 'sendToLogin' | 'signOutForm'> {
  /** Of the authorization request on which this browser is on its way, or of the browser alone. */
  flowOf(request: Request, returnTo: string): Promise<string>
  /** Only ever a path of ours. */
  readReturn(asked: string | null): string
  /** Where the address of this request says. */
  returnOf(request: Request): string
  showProblem(status: number, problem: PageProblem): Response
  /** The sign-in page once more. */
  again(request: Request, status: number, returnTo: string, fault: string): Promise<Response>
  /** A session, and on to there. */
  enter(request: Request, user: UserRecord, returnTo: string): Promise<Response>
  /** By 303. */
  goTo(location: string, setCookie?: string): Response
}
