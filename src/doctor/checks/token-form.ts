/** How the token travels and what it is: whether it arrives, fits into headers, and can be read by the server (RFC 6750 §2.1, RFC 9068). */

import { findBearerChallenge } from '../../oauth/www-authenticate.ts'
import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Exchange, outcomeOf, probed } from '../examination.ts'

const shared = {
  stage: 'first-call',
  severity: 'error',
  seen: 'your account was authorized but the integration rejected the credentials',
  clients: everyClient,
} as const

/** Many servers allow 8 KB for all headers together, some proxies 4 KB for one. */
const largeTokenCharacters = 4000

export const tokenForm: readonly Check[] = [
  {
    ...shared,
    id: 'token-too-large',
    title: 'The access token is too large for the server’s headers',
    rank: 22,
    source: 'RFC 6585 §5',
    claude: 'Sends the token that it was given, and never gets an answer of the server itself.',
    party: 'authorization-server',
    fix: {
      general: 'Put less into the token (groups and roles are the usual load), or issue opaque tokens.',
      frameworks: {
        entra: 'Leave out the groups claim, or limit it to the groups assigned to the application.',
        nginx: '`large_client_header_buffers 4 32k;` admits such tokens meanwhile.',
      },
    },
    judge: ({ facts: { firstCall: call }, tokenForm: form }) => {
      if (call === undefined || form === undefined) return notApplicable('nothing was sent with a token')
      const isLarge = form.characters >= largeTokenCharacters
      const isRefused = call.status === 431 || (isLarge && [400, 413, 494].includes(call.status ?? 0))
      return isRefused
        ? violated(`a token of ${form.characters} characters: ${outcomeOf(call)}`, call)
        : passed
    },
  },
  {
    ...shared,
    id: 'authorization-header-lost',
    title: 'The token seems not to arrive at the server',
    rank: 24,
    source: 'RFC 6750 §3.1',
    claude: 'Sends the token, and is asked for one as if it had sent none.',
    party: 'edge',
    fix: {
      general:
        'Log the headers that the server receives; whatever stands before it must forward `Authorization`.',
      frameworks: {
        apache: '`CGIPassAuth On`, or `SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1`.',
        nginx: '`proxy_set_header Authorization $http_authorization;`',
        'api-gateway': 'Let the integration map the Authorization header; an authorizer may take it away.',
      },
    },
    judge: (examination) => {
      const { firstCall: call, firstAnswer } = examination.facts
      if (call === undefined) return notApplicable('nothing was sent with a token')
      if (call.status !== 401 || firstAnswer === undefined) return passed
      const challenge = findBearerChallenge(call.responseHeaders['www-authenticate'])
      const wrong = probed(examination, 'authenticated', 'wrong-token')
      const isTheSame = [call, wrong].every((answer) => answer === undefined || isAlike(answer, firstAnswer))
      // RFC 6750 §3.1: the error code is for a token that came.
      return isTheSame && challenge !== undefined && challenge.error === undefined
        ? violated('with a token, with a wrong one and with none the answer is the same', call, firstAnswer)
        : passed
    },
  },
  {
    ...shared,
    id: 'token-encrypted',
    title: 'The token is encrypted, and not for this server',
    rank: 25,
    source: 'RFC 9068 §2, https://auth0.com/docs/secure/tokens/access-tokens',
    claude: 'Sends the token that it was given; the server cannot read it.',
    party: 'authorization-server',
    fix: {
      general:
        'Let the authorization server know the MCP URL as an audience of its own, so that `resource` leads to a signed token.',
      frameworks: {
        auth0:
          'Create an API whose identifier is the MCP URL, and switch on the resource parameter compatibility profile (or set a default audience).',
      },
    },
    judge: ({ facts: { firstCall: call }, tokenForm: form }) => {
      if (call === undefined || form === undefined) return notApplicable('nothing was sent with a token')
      return form.kind === 'encrypted' && call.status === 401
        ? violated(`the token is encrypted (${form.algorithm}), and with it: ${outcomeOf(call)}`, call)
        : passed
    },
  },
]

function isAlike(one: Exchange, other: Exchange): boolean {
  const header = 'www-authenticate'
  return one.status === other.status && one.responseHeaders[header] === other.responseHeaders[header]
}
