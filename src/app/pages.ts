/** Which pages there are for whom, and the one that everybody may see. */

import { accountPath } from '../account/account.ts'
import { type Console, consolePath } from '../console/console.ts'
import type { Login } from '../identity/login.ts'
import type { Issuer } from '../oauth/authorization-server-metadata.ts'
import type { UserRecord } from '../storage/storage.ts'
import type { Brand } from '../ui/brand.ts'
import { type HomeConnector, homePage } from '../ui/home.ts'
import { type PageLink, pageResponse } from '../ui/layout.ts'
import { text } from '../ui/text.ts'

export interface HomeOptions {
  issuer: Issuer
  brand: Brand
  connectors: readonly HomeConnector[]
  /** Undefined where nobody signs in. */
  login: Login | undefined
  console: Console | undefined
}

export function createHome(options: HomeOptions): (request: Request) => Promise<Response> {
  const { issuer, brand, connectors, login } = options
  return async function home(request) {
    const user = await login?.whoIsThere(request)
    const page = homePage({
      brand,
      pageUrl: `${issuer}/`,
      links: login === undefined ? [] : pageLinksFor(user, '/', login, options.console !== undefined),
      visitor: user && login && { ...user, signOut: login.signOutForm(request, '/') },
      connectors,
      needsSetup: (await login?.needsSetup()) === true,
    })
    // For strangers there is no form on it, so they need no cookie.
    return user && login ? login.show(request, page) : pageResponse(page)
  }
}

/** For somebody who has not signed in too: a page then asks them to. */
export function pageLinks(here: string, withConsole = false, passkeysPath?: string): PageLink[] {
  const pages = [
    { path: '/', label: text.frame.home },
    { path: accountPath, label: text.frame.account },
    ...(passkeysPath === undefined ? [] : [{ path: passkeysPath, label: text.passkeys.title }]),
    ...(withConsole ? [{ path: consolePath, label: text.frame.console }] : []),
  ]
  return pages.map((page) => ({ ...page, isHere: page.path === here }))
}

/** The console is named to who may enter it. */
export function pageLinksFor(
  user: UserRecord | undefined,
  here: string,
  login: Pick<Login, 'passkeysPathOf'>,
  hasConsole: boolean,
): PageLink[] {
  return pageLinks(here, hasConsole && user?.role === 'admin', login.passkeysPathOf(user))
}
