/** Whether Claude’s authorization request is taken as it is: its resource, scopes and prompt, in the address, and refused by redirect where it is refused (OAuth 2.1 §4.1.1 and §4.1.2.1). */

import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Exchange, exchangesOf, isRedirect, outcomeOf, probed, quoted } from '../examination.ts'
import { isRefusedRequest, returnedError } from '../oauth-requests.ts'
import { unasked } from '../probe-answers.ts'

const shared = {
  stage: 'authorize',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

const probe = 'authorization-requests'

export const authorizationRequest: readonly Check[] = [
  {
    ...shared,
    id: 'unsupported-request-demanded',
    title: 'The authorization server demands a kind of request or answer that Claude does not make',
    rank: 15,
    source: 'RFC 9126 §5, RFC 9101 §10.5, RFC 9449 §5.1',
    claude:
      'Sends a plain request in the address, takes the answer from the query, and has no key to bind tokens to.',
    fix: {
      general:
        'For this client take plain requests with PKCE, answer in the query, and give plain Bearer tokens.',
      frameworks: {
        keycloak: 'Client policies: take “Pushed authorization request required” and DPoP off this client.',
      },
    },
    judge: (examination) => {
      const { facts } = examination
      const demands = [
        ...demandsOf(facts.issuerMetadata?.body, issuerDemands),
        ...demandsOf(facts.resourceMetadata?.body, resourceDemands),
      ]
      const modes = facts.issuerMetadata?.body.response_modes_supported
      if (Array.isArray(modes) && !modes.includes('query')) demands.push(`response modes ${quoted(modes)}`)
      const methods = facts.issuerMetadata?.body.token_endpoint_auth_methods_supported
      const needsKey =
        Array.isArray(methods) && methods.length > 0 && methods.every((method) => keyMethods.includes(method))
      if (needsKey) demands.push(`authentication by ${quoted(methods)}`)
      const fragment = exchangesOf(examination, 'authorization').find(answersInFragment)
      if (fragment !== undefined) demands.push('the answer comes in the fragment')
      if (demands.length === 0) return passed
      return violated(demands.join('; '), facts.issuerMetadata?.exchange, fragment)
    },
  },
  {
    ...shared,
    id: 'resource-refused',
    title: 'The authorization server does not know the resource that Claude asks for',
    rank: 31,
    source: 'RFC 8707 §2',
    claude: 'Names the URL of the MCP server in every request, and is refused.',
    fix: {
      general: 'Make the URL of the MCP server known to the authorization server as a resource.',
      frameworks: {
        entra:
          'AADSTS9010010: add the MCP URL, exactly as it is typed, to the Application ID URIs of the app registration.',
        auth0:
          'Add an API whose identifier is the MCP URL, and turn on the resource parameter compatibility.',
      },
    },
    judge: withRefusal('resource', ['invalid_target']),
  },
  {
    ...shared,
    id: 'scope-refused',
    title: 'The authorization server refuses scopes that are published',
    rank: 32,
    source: 'https://github.com/anthropics/mcpb/issues/188',
    claude: 'Asks for what the challenge and the metadata publish, offline_access included, and is refused.',
    fix: {
      general:
        'Publish only scopes that every client may ask for (offline_access too), and drop those that are not known instead of refusing.',
      frameworks: {
        entra: 'AADSTS650053: write scopes with their resource, `api://…/name`, wherever they are published.',
      },
    },
    consequenceOf: ['registration-narrows-scope'],
    judge: withRefusal('scope', ['invalid_scope']),
  },
  {
    ...shared,
    id: 'prompt-refused',
    title: 'The authorization server refuses prompt=consent',
    rank: 33,
    source: 'OpenID Connect Core §3.1.2.1',
    claude: 'Sends it together with offline_access, as OpenID Connect asks, and is refused.',
    fix: { general: 'Take `prompt`, and ignore values that are not known.' },
    judge: withRefusal('prompt', ['interaction_required', 'consent_required']),
  },
  {
    ...shared,
    id: 'error-page-instead-of-redirect',
    title: 'Errors of the authorization request end on a page',
    rank: 60,
    severity: 'warning',
    source: 'OAuth 2.1 §4.1.2.1',
    claude: 'Waits for an answer while the person looks at an error page, and can say nothing about it.',
    fix: {
      general:
        'Once client and redirect URI are known to be good, send errors there: `?error=…&state=…&iss=…`.',
    },
    judge: (examination) => {
      const good = probed(examination, probe, 'as-asked')
      const wrong = probed(examination, probe, 'wrong-type')
      if (good === undefined || wrong === undefined) return unasked(examination, probe, 'no request was made')
      if (isRefusedRequest(good)) return notApplicable('every request is refused')
      const isPage = wrong.status !== undefined && wrong.status >= 400
      return isPage ? violated(`an unknown response_type: ${outcomeOf(wrong)}`, wrong) : passed
    },
  },
]

const issuerDemands = ['require_pushed_authorization_requests', 'require_signed_request_object']
const resourceDemands = ['dpop_bound_access_tokens_required']
/** RFC 8705 §2, OpenID Connect Core §9: proofs by a key, which Claude has not. */
const keyMethods = ['tls_client_auth', 'self_signed_tls_client_auth', 'private_key_jwt']

function demandsOf(
  metadata: Readonly<Record<string, unknown>> | undefined,
  names: readonly string[],
): string[] {
  return names.filter((name) => metadata?.[name] === true)
}

function answersInFragment(exchange: Exchange): boolean {
  return isRedirect(exchange) && /#(?:.*&)?code=/.test(exchange.responseHeaders.location ?? '')
}

/** Named by the error that came back; else by the one parameter without which the request is taken. */
function withRefusal(parameter: string, errors: readonly string[]): Check['judge'] {
  return (examination) => {
    const { authorization, landing } = examination.facts
    if (authorization === undefined) return notApplicable('nobody signed in')
    const sent = new URL(authorization.url).searchParams.get(parameter)
    if (sent === null) return notApplicable(`no ${parameter} was sent`)
    const error = landing?.url.searchParams.get('error') ?? ''
    if (errors.includes(error)) return violated(`${parameter} ${quoted(sent)}: ${error}`, landing?.exchange)
    const without = probed(examination, probe, `without-${parameter}`)
    const refused = probed(examination, probe, 'as-asked')
    if (without === undefined || refused === undefined || isRefusedRequest(without)) return passed
    const told = returnedError(refused) ?? outcomeOf(refused)
    return violated(
      `${parameter} ${quoted(sent)}: ${told}; without it the request is taken`,
      refused,
      without,
    )
  }
}
