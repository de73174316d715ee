/** How the browser comes back to Claude: by GET, with the state untouched and the issuer named (OAuth 2.1 §4.1.2, RFC 9207 §2). */

import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Examination, exchangesOf, jsonOf, quoted } from '../examination.ts'

const shared = {
  stage: 'authorize',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

export const callback: readonly Check[] = [
  {
    ...shared,
    id: 'callback-keeps-post',
    title: 'The consent form is answered with a redirect that keeps the POST',
    rank: 30,
    source: 'RFC 9700 §4.12',
    claude: 'Its callback takes GET only, and shows a page that says “Method Not Allowed”.',
    seen: 'Method Not Allowed',
    clients: ['hosted'],
    fix: {
      general: 'Answer the form with 303 (or 302), not with 307 or 308.',
      frameworks: {
        vercel: 'Next.js: `redirect()` in a route handler sends 307; use `NextResponse.redirect(url, 303)`.',
        fastmcp: 'Starlette’s `RedirectResponse` sends 307 by default: pass `status_code=303`.',
      },
    },
    judge: withLanding((_, { exchange }) => {
      const keeps = exchange.method === 'POST' && (exchange.status === 307 || exchange.status === 308)
      return keeps ? violated(`the form was answered with ${exchange.status}`, exchange) : passed
    }),
  },
  {
    ...shared,
    id: 'state-changed',
    title: 'The state comes back changed',
    rank: 40,
    source: 'OAuth 2.1 §4.1.2',
    claude: 'Must take it for an attack, and throws the code away.',
    fix: { general: 'Keep `state` as it was sent, byte for byte, and encode it once for the query.' },
    judge: withLanding((examination, { exchange, url }) => {
      const sent = new URL(examination.facts.authorization?.url ?? url).searchParams.get('state')
      const returned = url.searchParams.get('state')
      return sent === returned
        ? passed
        : violated(`sent ${quoted(sent)}, came back as ${quoted(returned)}`, exchange)
    }),
  },
  {
    ...shared,
    id: 'issuer-parameter-missing',
    title: 'The answer does not name its issuer, though the metadata says that it does',
    rank: 50,
    source: 'RFC 9207 §2.4',
    claude: 'Clients that go by the standard throw the code away: it could come from another server.',
    fix: {
      general:
        'Add `iss` to every authorization response, errors too; or take `authorization_response_iss_parameter_supported` out of the metadata.',
    },
    judge: withLanding(({ facts: { issuerMetadata } }, { exchange, url }) => {
      if (issuerMetadata?.body.authorization_response_iss_parameter_supported !== true) {
        return notApplicable('it is not promised')
      }
      return url.searchParams.has('iss') ? passed : violated('the answer has no iss', exchange)
    }),
  },
  {
    ...shared,
    id: 'issuer-parameter-wrong',
    title: 'The answer names another issuer than the metadata does',
    rank: 51,
    source: 'RFC 9207 §2.4',
    claude: 'Clients that go by the standard throw the code away: it could come from another server.',
    fix: { general: 'Send as `iss` the very string that is the `issuer` of the metadata.' },
    consequenceOf: ['issuer-mismatch'],
    judge: withLanding(({ facts: { issuerMetadata } }, { exchange, url }) => {
      const named = url.searchParams.get('iss')
      const issuer = issuerMetadata?.body.issuer
      if (named === null || issuer === undefined) return notApplicable('the answer has no iss')
      return named === issuer
        ? passed
        : violated(`iss is ${quoted(named)}, the issuer ${quoted(issuer)}`, exchange)
    }),
  },
  {
    ...shared,
    id: 'request-lost-at-sign-in',
    title: 'What Claude asked for is lost on the way through the sign-in',
    rank: 20,
    source: 'OAuth 2.1 §4.1.1',
    claude: 'Waits for an answer that never comes.',
    fix: {
      general:
        'Keep the authorization request on the server while the person signs in, and take it up again afterwards.',
    },
    consequenceOf: [
      'callback-keeps-post',
      'client-document-refused',
      'client-document-flaky',
      'url-client-id-fails',
      'unsupported-request-demanded',
      'consent-by-script',
      'resource-refused',
      'scope-refused',
      'prompt-refused',
    ],
    judge: (examination) => {
      const { facts } = examination
      const pages = exchangesOf(examination, 'authorization')
      if (facts.authorization === undefined) return notApplicable('nobody signed in')
      if (facts.landing !== undefined || examination.facts.token !== undefined) return passed
      const last = pages.at(-1)
      const error = jsonOf(last)?.error ?? last?.status
      return violated(`the sign-in ended at ${last?.url.split('?')[0]} with ${quoted(error)}`, last)
    },
  },
]

function withLanding(
  judge: (
    examination: Examination,
    landing: NonNullable<Examination['facts']['landing']>,
  ) => ReturnType<Check['judge']>,
): Check['judge'] {
  return (examination) => {
    const { landing } = examination.facts
    return landing === undefined
      ? notApplicable('the browser did not come back')
      : judge(examination, landing)
  }
}
