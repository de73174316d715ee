/** The pages on which a person signs in and agrees: whether their buttons lead back to Claude (CSP Level 3 §6.4.2, WHATWG HTML §4.10.22.2). */

import { isRefusal } from '../../client/browser-fetch.ts'
import { readHtmlPage } from '../../client/html-form.ts'
import { parseUrl } from '../../platform/url.ts'
import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, exchangesOf, isHtml, mediaTypeOf, quoted } from '../examination.ts'

const shared = {
  stage: 'authorize',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

export const consentPage: readonly Check[] = [
  {
    ...shared,
    id: 'form-action-blocks-callback',
    title: 'The content security policy stops the way back to Claude',
    rank: 35,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/815',
    claude: 'Never hears of the sign-in: the browser stops the redirect, and the button seems to do nothing.',
    fix: {
      general:
        'Leave `form-action` out of the policy of these pages, or list in it where the client is answered: https://claude.ai, https://claude.com and http://localhost:* .',
      frameworks: {
        express: 'helmet sets `form-action \'self\'`: set `"form-action": null` for these pages.',
        django: 'django-csp: no `form-action` in the policy of the authorization views.',
      },
    },
    judge: (examination) => {
      const { authorization, landing } = examination.facts
      const page = pageBefore(examination, landing?.exchange)
      if (page === undefined || landing === undefined) return notApplicable('no form led back')
      const sources = formActionOf(page.responseHeaders['content-security-policy'])
      const target = parseUrl(new URL(authorization?.url ?? '').searchParams.get('redirect_uri') ?? '')
      if (sources === undefined || target === undefined) return passed
      const isAllowed = sources.some((source) => allows(source, target, new URL(page.url)))
      return isAllowed
        ? passed
        : violated(`form-action is ${quoted(sources.join(' '))}, the way leads to ${target.origin}`, page)
    },
  },
  {
    ...shared,
    id: 'deny-is-default',
    title: 'The Enter key presses the button that says no',
    rank: 61,
    severity: 'warning',
    source: 'WHATWG HTML §4.10.22.2',
    claude: 'Is told access_denied by a person who typed the password and pressed Enter.',
    fix: { general: 'Put the button that agrees first in the form.' },
    judge: (examination) => {
      const forms = exchangesOf(examination, 'authorization')
        .filter(isPage)
        .flatMap((page) => readHtmlPage(page.responseBody ?? '').forms.map((form) => ({ page, form })))
      if (forms.length === 0) return notApplicable('no form was seen')
      const wrong = forms.find(({ form: { buttons, fields } }) => {
        const [first, ...others] = buttons
        // Enter submits a form from its text fields only.
        if (!fields.some(({ type }) => textTypes.includes(type))) return false
        return first !== undefined && isRefusal(first) && others.some((button) => !isRefusal(button))
      })
      return wrong === undefined
        ? passed
        : violated(`the first button is ${quoted(wrong.form.buttons[0]?.text)}`, wrong.page)
    },
  },
  {
    ...shared,
    id: 'consent-by-script',
    title: 'The consent is sent by script, which takes the redirect for itself',
    rank: 16,
    source: 'WHATWG Fetch §4.4',
    claude: 'Never hears of the sign-in: the browser stays where it is.',
    fix: {
      general:
        'Send the consent by a plain form and answer with 303; or let the script set `location.href` to the address that it is told.',
    },
    judge: (examination) => {
      if (examination.facts.authorization === undefined) return notApplicable('nobody signed in')
      if (examination.facts.landing !== undefined) return passed
      const last = exchangesOf(examination, 'authorization').at(-1)
      if (last === undefined || last.status !== 200) return notApplicable('the sign-in ended otherwise')
      if (tellsRedirectInJson(last)) {
        return violated('the form is answered with 200 and an address in JSON, not with a redirect', last)
      }
      return isScripted(last) ? violated('the page has no form, and its script makes requests', last) : passed
    },
  },
]

const textTypes = ['text', 'password', 'email', 'tel', 'number']

function isPage(exchange: Exchange): boolean {
  return exchange.status === 200 && isHtml(exchange)
}

/** The page whose form the browser sent to be redirected to the client. */
function pageBefore(examination: Examination, landed: Exchange | undefined): Exchange | undefined {
  const way = exchangesOf(examination, 'authorization')
  const end = way.findIndex(({ number }) => number === landed?.number)
  const at = way.slice(0, Math.max(end, 0)).findLastIndex(isPage)
  return way[at + 1]?.method === 'POST' ? way[at] : undefined
}

function formActionOf(policy: string | undefined): string[] | undefined {
  const directive = policy
    ?.split(/[;,]/)
    .map((part) => part.trim().split(/\s+/))
    .find(([name]) => name?.toLowerCase() === 'form-action')
  return directive?.slice(1)
}

/** As much of CSP Level 3 §6.7.2.8 as policies for forms use. */
function allows(source: string, target: URL, page: URL): boolean {
  const wanted = source.toLowerCase()
  if (wanted === "'self'") return target.origin === page.origin
  if (wanted === '*') return /^https?:$/.test(target.protocol)
  if (/^[a-z][a-z0-9+.-]*:$/.test(wanted)) return target.protocol === wanted
  const read = /^(?:([a-z]+):\/\/)?([^:/]+)(?::(\d+|\*))?/.exec(wanted)
  if (read === null) return false
  const [, scheme, host = '', port] = read
  const isScheme = scheme === undefined || target.protocol === `${scheme}:` || target.protocol === 'https:'
  const isHost = host.startsWith('*.') ? target.hostname.endsWith(host.slice(1)) : target.hostname === host
  return isScheme && isHost && (port === '*' || (port ?? '') === target.port)
}

function tellsRedirectInJson(exchange: Exchange): boolean {
  const isJson = mediaTypeOf(exchange) === 'application/json'
  return isJson && exchange.method === 'POST' && /https?:[^"]*[?&]code=/.test(exchange.responseBody ?? '')
}

function isScripted(exchange: Exchange): boolean {
  const body = exchange.responseBody ?? ''
  const makesRequests = /<script\b/i.test(body) && /\b(?:fetch|XMLHttpRequest|axios)\b/.test(body)
  return isPage(exchange) && makesRequests && readHtmlPage(body).forms.length === 0
}
