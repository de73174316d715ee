/** Which browser a request is from, by a cookie that binds to it whatever it begins, and whether a form was sent from a page that we showed to this very one (house rule 46). */

import { OAuthError } from '../oauth/errors.ts'
import { hashToken, type TokenHash } from '../platform/crypto.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import { type Page, pageHeaders } from '../ui/layout.ts'
import { createBrowserCookie } from './browser-cookie.ts'
import { csrfToken, findForgery } from './csrf.ts'
import { readFormBody } from './form-body.ts'

export interface RequestBrowser {
  browserHash: TokenHash
  csrf(purpose: string): string
  /** Must go out with the response if it is there. */
  setCookie: string | undefined
  /** Names what this browser does where there is no authorization request; the cookie itself cannot be had from it. */
  flowId: string
}

export interface RequestBrowsers {
  browserOf(request: Request): RequestBrowser
  isGenuinePost(request: Request, form: URLSearchParams, purpose: string): boolean
  /** For a form without a page of its own to say so on: throws an `OAuthError` for one that is not genuine. */
  readGenuineForm(request: Request, purpose: string): Promise<URLSearchParams>
  /** With the cookie of a browser that comes for the first time. */
  show(request: Request, page: Page, status?: number): Response
}

export function createRequestBrowsers(options: {
  origin: string
  csrfKey: Uint8Array
  telemetry: Telemetry
}): RequestBrowsers {
  const { origin, csrfKey, telemetry } = options
  const cookie = createBrowserCookie(origin, 'postern-flow', 'pst_bf_')
  /** Of one request always the same, also where its cookie is being made. */
  const browsers = new WeakMap<Request, RequestBrowser>()

  function browserOf(request: Request): RequestBrowser {
    const browser = browsers.get(request) ?? findBrowser(request)
    browsers.set(request, browser)
    return browser
  }

  function findBrowser(request: Request): RequestBrowser {
    const known = cookie.find(request)
    const token = known ?? cookie.mint()
    const browserHash = hashToken(token)
    return {
      browserHash,
      csrf: (purpose) => csrfToken(csrfKey, token, purpose),
      setCookie: known === undefined ? cookie.set(token) : undefined,
      flowId: hashToken(browserHash).slice(0, 14),
    }
  }

  function isGenuinePost(request: Request, form: URLSearchParams, purpose: string): boolean {
    const { csrf, flowId } = browserOf(request)
    const forgery = findForgery(request, form.get('csrf'), csrf(purpose), origin)
    if (forgery === undefined) return true
    telemetry.emit('form.refused', flowId, { path: new URL(request.url).pathname, reason: forgery })
    return false
  }

  return {
    browserOf,
    isGenuinePost,
    async readGenuineForm(request, purpose) {
      const form = await readFormBody(request)
      if (isGenuinePost(request, form, purpose)) return form
      throw forgedForm()
    },
    show(request, page, status = 200) {
      const headers = pageHeaders(page)
      const { setCookie } = browserOf(request)
      if (setCookie !== undefined) headers.append('set-cookie', setCookie)
      return new Response(page.html, { status, headers })
    },
  }
}

export function forgedForm(): OAuthError {
  return new OAuthError('access_denied', 'this form did not come from our own page', {
    occasion: 'not-genuine',
  })
}
