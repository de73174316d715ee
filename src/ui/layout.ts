/** The shell of every page and the headers it is sent with (CSP Level 3, RFC 9700 §4.16 on clickjacking). */

import { raw } from 'hono/html'
import { sha256 } from '../platform/crypto.ts'
import { type Brand, brandStyle } from './brand.ts'
import { type SignOut, signOutForm } from './form.ts'
import { html, type Markup, markupText, outsideWords } from './markup.ts'
import { styleSheet } from './style.ts'
import { text } from './text.ts'

/** A finished page: a value, so that a script can render it without a server. */
export interface Page {
  html: string
  /** Content-Security-Policy; its hashes belong to this very html. */
  csp: string
}

export interface Frame {
  brand: Brand
  title: string
  /** Our own home page. */
  homePath?: string | undefined
  /** Where forms may be sent, and be redirected to from there. Without it the page has no form. */
  formAction?: readonly string[] | undefined
  /** Where the browser goes on to by itself. */
  goTo?: string | undefined
  /** Improves a page that works without it. */
  script?: string | undefined
  /** Rules that only some pages need. */
  style?: string | undefined
  /** Its script asks this server. */
  connects?: boolean | undefined
  /** Default `narrow`: for one decision. */
  width?: 'narrow' | 'wide' | 'full' | undefined
  /** Other pages of ours, beside the brand. */
  links?: readonly PageLink[] | undefined
  /** At its foot, where it is no page of a server that Postern guards. */
  footer?: string | undefined
  /** Who is signed in, and a way out. */
  visitor?: Visitor | undefined
}

export interface PageLink {
  path: string
  label: string
  isHere: boolean
}

export interface Visitor {
  username: string
  displayName: string
  signOut: SignOut
}

export function renderPage(frame: Frame, content: Markup): Page {
  const page = html`<!doctype html>
<html lang="${text.language}" dir="${text.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">${
    frame.goTo === undefined
      ? ''
      : html`
<meta http-equiv="refresh" content="0;url=${frame.goTo}">`
  }
<title>${frame.title} · ${frame.brand.name}</title>
<link rel="icon" href="${icon}">
<style>${raw(styleSheet)}</style>${ownStyles(frame).map((style) => html`<style>${raw(style)}</style>`)}
</head>
<body class="${frame.width ?? 'narrow'}">
<header class="top">${brand(frame)}${navigation(frame)}${visitor(frame)}</header>
<main>${content}</main>
<footer class="foot"><p>${frame.footer ?? text.footer}</p></footer>
${frame.script === undefined ? '' : html`<script>${raw(frame.script)}</script>`}
</body>
</html>
`
  return { html: markupText(page), csp: contentSecurityPolicy(frame) }
}

/**
 * House rules 44 to 46. `same-origin` and not `no-referrer`, which would turn the Origin of our own forms into
 * null. No Cross-Origin-Opener-Policy: clients open these pages as popups and wait for them to come back.
 */
export function pageHeaders(page: Page): Headers {
  return new Headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': page.csp,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
  })
}

export function pageResponse(page: Page, status = 200): Response {
  return new Response(page.html, { status, headers: pageHeaders(page) })
}

/**
 * Sources for a form whose answer sends the browser on to a client. Chromium holds the whole chain of
 * redirects to `form-action`, so the client's own origin has to be in it, and for Claude what comes after:
 * its callback goes on to the desktop app by `claude:` (observed 2026).
 */
export function formActionTo(redirectUri: string | undefined): string[] {
  if (redirectUri === undefined || !URL.canParse(redirectUri)) return ["'self'"]
  const url = new URL(redirectUri)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return ["'self'", url.protocol]
  if (claudeOrigins.includes(url.origin)) return ["'self'", ...claudeOrigins, 'claude:']
  // The grammar of CSP has no IPv6 address (CSP3 §2.3.1 host-char), so its scheme stands for it.
  if (url.hostname.startsWith('[')) return ["'self'", url.protocol]
  // A URL's host may hold `;` and `,`, which would end a directive here. Such a host is not let in.
  return hostOfCsp.test(url.host) ? ["'self'", url.origin] : ["'self'"]
}

const claudeOrigins: readonly string[] = ['https://claude.ai', 'https://claude.com']
const hostOfCsp = /^[a-z0-9._-]+(:\d+)?$/

function contentSecurityPolicy(frame: Frame): string {
  return [
    "default-src 'none'",
    `style-src ${[styleSource, ...ownStyles(frame).map(hashSource)].join(' ')}`,
    ...(frame.script === undefined ? [] : [`script-src ${hashSource(frame.script)}`]),
    'img-src data:',
    ...(frame.connects === true ? ["connect-src 'self'"] : []),
    `form-action ${(frame.formAction ?? ["'none'"]).join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/** Beside the style sheet and not in it, so that the sheet is the same everywhere. */
function ownStyles({ style = '', brand }: Frame): string[] {
  return [style, brandStyle(brand)].filter((rules) => rules !== '')
}

function hashSource(content: string): string {
  return `'sha256-${btoa(String.fromCharCode(...sha256(content)))}'`
}

const styleSource = hashSource(styleSheet)

function brand({ brand: { name, logo }, homePath }: Frame): Markup {
  const sign = logo === undefined ? mark : html`<img src="${logo}" alt="" width="24" height="24">`
  const inside = html`${sign}<span dir="auto">${name}</span>`
  return homePath === undefined
    ? html`<span class="brand">${inside}</span>`
    : html`<a class="brand" href="${homePath}">${inside}</a>`
}

function navigation({ links = [] }: Frame): Markup | string {
  if (links.length === 0) return ''
  const items = links.map(({ path, label, isHere }) => {
    const current = isHere ? html` aria-current="page"` : ''
    return html`<a href="${path}"${current}>${label}</a>`
  })
  return html`<nav class="links" aria-label="${text.frame.pages}">${items}</nav>`
}

function visitor({ visitor: there }: Frame): Markup | string {
  if (there === undefined) return ''
  const username = outsideWords(there.username, 64)
  const name = outsideWords(there.displayName, 60) || username
  return html`<div class="visitor"><bdi>${name}</bdi>${signOutForm(there.signOut, text.frame.signOut)}</div>`
}

/** A small door in a wall, which is what a postern is. */
const mark = html`<svg viewBox="0 0 20 26" aria-hidden="true" focusable="false"><path d="M2.5 24.5V10a7.5 7.5 0 0 1 15 0v14.5" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/><path d="M6.5 24.5V10.5a3.5 3.5 0 0 1 7 0v14z" fill="currentColor"/></svg>`

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='-3 0 26 26'%3E%3Cpath d='M2.5 24.5V10a7.5 7.5 0 0 1 15 0v14.5' fill='none' stroke='%2317705c' stroke-width='2.4' stroke-linecap='round'/%3E%3Cpath d='M6.5 24.5V10.5a3.5 3.5 0 0 1 7 0v14z' fill='%2317705c'/%3E%3C/svg%3E"
