/** How the token endpoint refuses: by itself, with an OAuth error and its status, a client that is gone with 401 (RFC 6749 §5.2). */

import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import {
  type Examination,
  type Exchange,
  isRedirect,
  mediaTypeOf,
  outcomeOf,
  probed,
  quoted,
} from '../examination.ts'
import { tokenErrorOf } from '../oauth-requests.ts'
import { unasked } from '../probe-answers.ts'

const shared = {
  stage: 'token',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

const probe = 'token-refusals'

export const tokenRefusals: readonly Check[] = [
  {
    ...shared,
    id: 'token-origin-guarded',
    title: 'The token endpoint takes requests of its own pages only',
    rank: 17,
    source: 'RFC 6749 §3.2',
    claude: 'Sends the form from a server, without an Origin, and is taken for a cross-site request.',
    clients: ['hosted', 'messages-api'],
    party: 'edge',
    fix: {
      general: 'Except the token endpoint from the guard against cross-site requests: it reads no cookies.',
      frameworks: { django: '`@csrf_exempt` on the token view.' },
    },
    judge: (examination) => {
      const without = probed(examination, probe, 'known-client')
      const own = probed(examination, probe, 'own-origin')
      if (without === undefined || own === undefined) return unaskedHere(examination)
      return isGuarded(without) && !isGuarded(own)
        ? violated(`without an Origin: ${told(without)}; with its own: ${told(own)}`, without, own)
        : passed
    },
  },
  {
    ...shared,
    id: 'token-route-guarded',
    title: 'Something before the token endpoint asks for a login, a key, or less haste',
    rank: 18,
    source: 'RFC 6749 §3.2',
    claude: 'Has the code, and nothing else to show.',
    party: 'edge',
    fix: {
      general:
        'Except the token endpoint from session logins, API keys and limits by address: the code, or the client, is what it is opened with.',
      frameworks: { 'api-gateway': 'Take the authorizer and the API key off the token route.' },
    },
    consequenceOf: ['token-origin-guarded', 'bot-challenge'],
    judge: (examination) => {
      const inVain =
        probed(examination, probe, 'known-client') ?? probed(examination, probe, 'unknown-client')
      const answers = [examination.facts.token, inVain].filter((answer) => answer !== undefined)
      if (answers.length === 0) return unaskedHere(examination)
      const guarded = answers.find(isGuarded)
      return guarded === undefined ? passed : violated(told(guarded), guarded)
    },
  },
  {
    ...shared,
    id: 'public-client-refused',
    title: 'A client without a secret is refused',
    rank: 21,
    source: 'OAuth 2.1 §2.1',
    claude: 'Is a public client that proves itself by PKCE, and is told that it is not known.',
    fix: {
      general:
        'Take `token_endpoint_auth_method: none`: neither a secret nor a Basic header of clients that were registered without.',
    },
    consequenceOf: [
      'auth-method-changed',
      'secret-method-without-secret',
      'registration-reuses-id',
      'client-document-flaky',
      'client-document-refused',
    ],
    judge: (examination) => {
      const answer = probed(examination, probe, 'known-client')
      if (answer === undefined) return unaskedHere(examination)
      const { token, registration, authorization, landing } = examination.facts
      if (landing === undefined && (authorization !== undefined || registration === undefined)) {
        return notApplicable('it is not sure that the client is known')
      }
      const refused = [token, answer].find((one) => tokenErrorOf(one) === 'invalid_client')
      return refused === undefined ? passed : violated(`a client that is known: ${told(refused)}`, refused)
    },
  },
  {
    ...shared,
    id: 'errors-as-200',
    title: 'Errors of the token endpoint come with status 200',
    rank: 24,
    source: 'RFC 6749 §5.2',
    claude: 'Takes a failed renewal for a success, and has no token afterwards.',
    fix: { general: 'Send errors with status 400, and invalid_client with 401.' },
    judge: withRefusal('unknown-client', (answer) => {
      return isErrorAs200(answer) ? violated(`a client of nobody: ${told(answer)}`, answer) : passed
    }),
  },
  {
    ...shared,
    id: 'unknown-client-not-401',
    title: 'A client that is not known is not told so',
    rank: 50,
    source: 'https://claude.com/docs/connectors/building/authentication',
    claude:
      'Registers again only after 401 invalid_client; after anything else it keeps a client that is gone, and the connection is stuck.',
    fix: {
      general:
        'Answer 401 with `{"error": "invalid_client"}`, at renewals too; and keep clients at least as long as their refresh tokens.',
      frameworks: {
        express: 'The MCP SDK answers 400: let the status of `InvalidClientError` be 401.',
      },
    },
    consequenceOf: [
      'token-route-guarded',
      'token-origin-guarded',
      'token-form-refused',
      'url-client-id-fails',
    ],
    judge: withRefusal('unknown-client', (answer) => {
      if (isErrorAs200(answer)) return notApplicable('its errors come with status 200')
      const isTold = answer.status === 401 && tokenErrorOf(answer) === 'invalid_client'
      return isTold ? passed : violated(`a client of nobody: ${told(answer)}`, answer)
    }),
  },
  {
    ...shared,
    id: 'odd-token-request-fails',
    title: 'A request that cannot be read makes the token endpoint fail',
    rank: 60,
    severity: 'warning',
    source: 'RFC 6749 §5.2',
    claude: 'Tries again after a server error, and never learns what was wrong.',
    fix: { general: 'Answer 400 invalid_request or 401 invalid_client to whatever cannot be parsed.' },
    judge: (examination) => {
      const answers = ['odd-type', 'odd-proof'].map((label) => probed(examination, probe, label))
      const plain = probed(examination, probe, 'known-client')
      if (plain === undefined || isFailure(plain)) return unaskedHere(examination)
      const failed = answers.find((answer) => answer !== undefined && isFailure(answer))
      if (failed === undefined) return passed
      const { Authorization, 'Content-Type': type } = failed.requestHeaders
      const odd = Authorization === undefined ? `Content-Type ${type}` : 'a malformed Basic header'
      return violated(`${odd}: ${outcomeOf(failed)}`, failed)
    },
  },
]

/** Of guards that answer in JSON; any other error is a token endpoint’s own, also one that no standard has. */
const errorsOfGuards = ['invalid_token', 'unauthorized', 'forbidden']

/** Answered by something else than a token endpoint. */
function isGuarded(answer: Exchange): boolean {
  if (isRedirect(answer) || answer.status === 429) return true
  const error = tokenErrorOf(answer) ?? ''
  const isOwn = /^[a-z_]+$/.test(error) && !errorsOfGuards.includes(error)
  return (answer.status === 401 || answer.status === 403) && !isOwn
}

function isErrorAs200(answer: Exchange): boolean {
  return answer.status === 200 && tokenErrorOf(answer) !== undefined
}

function isFailure({ status }: Exchange): boolean {
  return status === undefined || status >= 500
}

function told(answer: Exchange): string {
  const error = tokenErrorOf(answer)
  const location = answer.responseHeaders.location
  if (error !== undefined) return `${outcomeOf(answer)}, error ${quoted(error)}`
  if (location !== undefined) return `${outcomeOf(answer)}, to ${location.split('?')[0]}`
  return `${outcomeOf(answer)}, ${mediaTypeOf(answer) || 'no type'}`
}

function withRefusal(label: string, judge: (answer: Exchange) => ReturnType<Check['judge']>): Check['judge'] {
  return (examination) => {
    const answer = probed(examination, probe, label)
    if (answer?.status === undefined) return unaskedHere(examination)
    return judge(answer)
  }
}

function unaskedHere(examination: Examination): ReturnType<Check['judge']> {
  return unasked(examination, probe, 'nothing of the kind was asked')
}
