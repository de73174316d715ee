/** Why a connection stopped, as far as an access log shows it: the status of each answer, and what never came. From what came last to what came first. */

import {
  exchangeFailed,
  expired,
  noClientId,
  noRegistration,
  noTools,
  notFound,
  rejected,
  serverError,
  signInFailed,
  unreachable,
} from '../../connections/claude-shows.ts'
import type { Diagnosis } from '../../connections/diagnosis.ts'
import { type Evidence, silenceSeconds } from '../../connections/evidence.ts'
import { authentication, claudeIssue, codeIssue, troubleshooting } from '../../connections/sources.ts'
import type { StepName } from '../../connections/step.ts'
import type { Fault } from './sighting.ts'

/** Between registration and browser a person may read a dialog, and needs longer for a sign-in. */
const personSeconds = 180

export const loggedDiagnoses: readonly Diagnosis[] = [
  /* Once it was connected */
  {
    id: 'refreshed-twice-at-once',
    rows: ['X1'],
    seen: 'Right after tokens were renewed, a second renewal was refused.',
    shown: expired,
    cause:
      'Two requests used one refresh token within seconds, as Claude does; the second was taken for a theft.',
    fix: 'Answer the same refresh token with the same successor for a minute (a grace time), instead of revoking.',
    sources: [codeIssue(85236), codeIssue(91641), 'https://github.com/PrefectHQ/fastmcp/issues/4901'],
    fits: (evidence) => isStuck(evidence, 'refresh-refused', ['at-once']),
  },
  {
    id: 'refresh-fails',
    rows: ['X2', 'X11'],
    seen: 'The renewal of the tokens ended in a server error, or not in time.',
    shown: expired,
    cause: 'The token endpoint fails for refresh_token, or takes longer than 30 seconds.',
    fix: 'Look into the log of the authorization server at that second. A dead refresh token is 400 invalid_grant, never a 5xx.',
    sources: [authentication, troubleshooting],
    fits: (evidence) => isStuck(evidence, 'refresh-refused', ['failed', 'unreachable', 'late', 'busy']),
  },
  {
    id: 'refresh-refused',
    rows: ['X2', 'X3', 'X8', 'R12'],
    seen: 'The renewal of the tokens was refused.',
    shown: expired,
    cause:
      'The refresh token or its client is gone (a restart with tokens in memory, a new deployment, an expiry), or scope and resource are compared too strictly.',
    fix: 'Keep clients and tokens in a store that outlives a restart, and clients at least as long as their refresh tokens. Whether it was a restart: compare with the time of the last deployment.',
    sources: [authentication, codeIssue(79505)],
    fits: (evidence) => isStuck(evidence, 'refresh-refused', []),
  },
  {
    id: 'never-refreshed',
    rows: ['X5', 'N20'],
    seen: 'After good calls the token is refused (401), and nobody renews it at this server.',
    shown: expired,
    cause:
      'No refresh token was issued, or the token endpoint is at another host whose log is not read here; else something on the way drops the Authorization header.',
    fix: 'Give a refresh_token with every token. If the authorization server is another host, read its log too: --log again.',
    sources: [claudeIssue(228), claudeIssue(42), claudeIssue(253)],
    fits: ({ last, quietSeconds }) =>
      quietSeconds >= silenceSeconds &&
      last('called') > Number.NEGATIVE_INFINITY &&
      last('token-rejected') > Math.max(last('called'), last('refreshed'), last('token-issued')),
  },
  {
    id: 'session-lost-again-and-again',
    rows: ['P3'],
    seen: 'After good calls the MCP endpoint answers 404, again and again.',
    shown: `tools that fail, or ${noTools}`,
    cause: 'The session is gone (a restart, another instance), and the client does not open another one.',
    fix: 'Work without sessions, or keep them where every instance finds them. Switching the connector off and on mends it for now.',
    sources: [codeIssue(48557), codeIssue(27425), claudeIssue(450)],
    isTrouble: true,
    fits: ({ count, last }) => count('session-lost') >= 3 && last('session-lost') > last('called', 'other'),
  },
  {
    id: 'calls-forbidden',
    rows: ['N15'],
    seen: 'Some calls are answered 403 where others pass.',
    shown: 'a tool call that fails',
    cause: 'A firewall looks into the JSON and takes arguments (SQL, HTML, paths) for an attack.',
    fix: 'Switch content rules off for the MCP path; the token is the guard there.',
    sources: [codeIssue(64384)],
    isTrouble: true,
    fits: ({ has, last }) => has('called') && last('call-refused', 'forbidden') >= last('called', 'other'),
  },
  {
    id: 'server-fails',
    rows: ['V7', 'P2', 'P14'],
    seen: 'Calls end in a server error, or not at all.',
    shown: 'a tool call that fails or times out',
    cause:
      'The MCP server fails or is too slow; 502 and 503 come from the proxy, when nothing answers behind it.',
    fix: 'Look into the log of the MCP server at that second. Let long work start and be asked for.',
    sources: [troubleshooting],
    isTrouble: true,
    fits: ({ has, last }) => has('called') && last('upstream-failed') > last('called', 'other'),
  },

  /* The first call with the token */
  {
    id: 'call-redirected',
    rows: ['N18', 'N19'],
    seen: 'The MCP endpoint answers with a redirect.',
    shown: rejected,
    cause:
      'A slash too many or too few, http for https, or an apex for www. Clients follow without the token, or not at all.',
    fix: 'Answer the URL that people type in place, with and without a final slash.',
    sources: [claudeIssue(155), 'https://github.com/PrefectHQ/fastmcp/issues/1466'],
    fits: (evidence) => evidence.has('call-refused', 'redirect') && !evidence.has('called'),
  },
  {
    id: 'token-rejected-at-once',
    rows: ['V2', 'V3', 'V4', 'V5', 'N20'],
    seen: 'The new token is refused by the MCP endpoint (401).',
    shown: rejected,
    cause:
      'The MCP server expects another audience, issuer or key than the token has, or never sees it because a proxy drops the Authorization header.',
    fix: 'Take such a token and look at what the server says of it: audience is the typed URL, with and without a slash; the proxy hands on Authorization.',
    sources: [claudeIssue(299), claudeIssue(912)],
    fits: ({ has, quietSeconds }) =>
      quietSeconds >= silenceSeconds &&
      has('token-issued') &&
      (has('token-rejected') || has('called-without-token')) &&
      !has('called'),
  },
  {
    id: 'calls-refused-after-sign-in',
    rows: ['N8', 'N14', 'V11'],
    seen: 'The sign-in passes, and every call with the token is answered 403.',
    shown: rejected,
    cause:
      'A bot rule or an allow-list covers the OAuth paths but not the MCP path; calls come with the agent Claude-User, the sign-in with another.',
    fix: 'Let the exception cover POST on the MCP path too, or allow 160.79.104.0/21.',
    sources: [claudeIssue(336), claudeIssue(294)],
    fits: (evidence) => isFirstCall(evidence, 'forbidden'),
  },
  {
    id: 'no-server-at-this-url',
    rows: ['V6', 'N13'],
    seen: 'After the sign-in the MCP URL is not there (404).',
    shown: notFound,
    cause:
      'The connector was added with another path than the server has, or the balancer matches /mcp/* and not /mcp.',
    fix: 'Serve the URL that people type, or have them type the one that is served.',
    sources: [claudeIssue(930), claudeIssue(299)],
    fits: (evidence) => isFirstCall(evidence, 'absent'),
  },
  {
    id: 'call-form-refused',
    rows: ['P6', 'P1', 'M5'],
    seen: 'The first call with the token is refused for its form.',
    shown: serverError,
    cause:
      'The server insists on an Accept header, a protocol version or a method that this client does not use.',
    fix: 'Take POST with application/json, any Accept header, and negotiate the version.',
    sources: [claudeIssue(354), troubleshooting],
    fits: (evidence) =>
      isFirstCall(evidence, 'wrong-form', 'wrong-method', 'refused', 'busy', 'unauthorized'),
  },
  {
    id: 'server-fails-at-first-call',
    rows: ['V4', 'V7', 'V13', 'P2'],
    seen: 'The first call with the token ends in a server error.',
    shown: serverError,
    cause:
      'The check of the token fails (keys that cannot be fetched, a missing setting), or initialize does.',
    fix: 'Look into the log of the MCP server at that second.',
    sources: [claudeIssue(912), troubleshooting],
    fits: ({ has }) => has('token-issued') && has('upstream-failed') && !has('called'),
  },
  {
    id: 'token-never-used',
    rows: ['V1', 'N8', 'N13', 'N14'],
    seen: 'The tokens were issued, and no call with them has arrived.',
    shown: rejected,
    cause:
      'Calls are dropped before this log is written (a bot rule on Claude-User, a balancer that matches /mcp/* and not /mcp), or arrive at another host whose log is not read here.',
    fix: 'Send one POST to the MCP URL with the agent Claude-User and one with curl, from outside: if only one arrives, exempt the path. If the MCP server is another host, read its log too: --log again.',
    sources: [claudeIssue(49), claudeIssue(438), claudeIssue(620)],
    fits: ({ has, quietSeconds }) =>
      quietSeconds >= silenceSeconds &&
      has('token-issued') &&
      !['called', 'call-refused', 'upstream-failed', 'token-rejected'].some((name) => has(name as StepName)),
  },
  {
    id: 'one-call-then-silence',
    rows: ['V7', 'V9', 'P1', 'P17'],
    seen: 'One call was answered, and none followed: initialize and no more.',
    shown: serverError,
    cause:
      'The answer to initialize was not usable: another content type, an unknown version, or no JSON-RPC.',
    fix: '`postern doctor` with a sign-in shows the answer and what is wrong with it.',
    sources: [troubleshooting],
    fits: ({ count, has, quietSeconds }) =>
      quietSeconds >= silenceSeconds && count('called') === 1 && !has('refreshed') && !has('upstream-failed'),
  },

  /* The token endpoint */
  refusal(
    'token-endpoint-not-there',
    ['T12', 'D18'],
    'token-refused',
    ['absent', 'wrong-method', 'redirect'],
    {
      seen: 'The client asked for tokens where there is no token endpoint.',
      shown: exchangeFailed,
      cause:
        'It guessed /token at the host of the MCP server, because it could not read the metadata that names the real one.',
      fix: 'Serve the metadata of the authorization server at every place where it is looked for, or answer /token there too.',
      sources: [claudeIssue(82), claudeIssue(214)],
    },
  ),
  refusal('token-request-forbidden', ['T2', 'T18', 'N10'], 'token-refused', ['forbidden', 'busy'], {
    seen: 'The request for tokens was forbidden.',
    shown: exchangeFailed,
    cause:
      'A guard against cross-site forms (it comes without Origin and cookie), or a bot rule on python-httpx.',
    fix: 'Exempt the token endpoint from CSRF checks, bot rules and limits by address.',
    sources: ['https://kit.svelte.dev/docs/configuration#csrf', claudeIssue(923)],
  }),
  refusal('token-client-refused', ['T3', 'R6', 'R12', 'R22'], 'token-refused', ['unauthorized'], {
    seen: 'The request for tokens was answered 401: the client is not accepted.',
    shown: 'mcp_client_invalid, or a sign-in that begins anew',
    cause:
      'A public client is asked for a secret, a typed secret is wrong or only taken by Basic, or the registration is gone.',
    fix: 'Accept the method that was registered: none with PKCE, client_secret_post or client_secret_basic.',
    sources: [claudeIssue(667), claudeIssue(798)],
  }),
  refusal('token-request-fails', ['T11', 'T17', 'V13'], 'token-refused', ['failed', 'unreachable', 'late'], {
    seen: 'The request for tokens ended in a server error, or took longer than ten seconds.',
    shown: exchangeFailed,
    cause: 'The token endpoint fails, or something slow stands in its way.',
    fix: 'Look into the log of the authorization server at that second, and take slow work out of the way.',
    sources: [troubleshooting],
  }),
  refusal('token-refused', ['T1', 'T4', 'T5', 'T6', 'T7'], 'token-refused', ['refused', 'wrong-form'], {
    seen: 'The code was refused.',
    shown: `${exchangeFailed}, or ${signInFailed}`,
    cause:
      'The form is not read (JSON expected), PKCE or redirect_uri or resource is compared wrongly, or the code is known to another instance only.',
    fix: '`postern doctor --intrusive` finds out which. Codes belong in a store that all instances share.',
    sources: [authentication, claudeIssue(134)],
  }),
  {
    id: 'code-never-redeemed',
    rows: ['Z2', 'Z3', 'Z20', 'T13'],
    seen: 'A sign-in was opened in a browser, and nobody came for tokens.',
    shown: `nothing after Allow, “Connect” again, or ${signInFailed}`,
    cause:
      'The person did not finish; or the way back failed: a Content-Security-Policy form-action that stops the redirect, a page that calls an API instead of navigating, blocked cookies, or an error that was sent back (invalid_scope). Or the token endpoint is at another host whose log is not read here.',
    fix: 'Sign in yourself with the browser’s console open. `postern doctor --browser headless` walks the same way and says where it ends.',
    sources: [claudeIssue(815), claudeIssue(671), codeIssue(62801)],
    fits: ({ has, reached, quietSeconds }) =>
      quietSeconds >= personSeconds &&
      reached === 'authorization-requested' &&
      !has('sign-in-failed') &&
      !has('consent-refused'),
  },

  /* The browser */
  {
    id: 'redirect-keeps-post',
    rows: ['Z1'],
    seen: 'A form of the sign-in was answered 307 or 308, with which the browser posts to Claude’s callback.',
    shown: 'a page of JSON: “Method Not Allowed”',
    cause: 'The redirect keeps the method of the form.',
    fix: 'Answer the consent form with 302 or 303.',
    sources: [claudeIssue(109), claudeIssue(250), claudeIssue(313)],
    fits: ({ has }) => has('consent-refused') && !has('token-issued'),
  },
  {
    id: 'sign-in-page-fails',
    rows: ['Z5', 'Z14'],
    seen: 'A page of the sign-in ended in a server error.',
    shown: 'the error page of the authorization server',
    cause: 'The sign-in or consent fails for this request.',
    fix: 'Look into the log of the authorization server at that second.',
    sources: [troubleshooting],
    fits: ({ has }) => has('sign-in-failed') && !has('token-issued'),
  },
  refusal('authorize-not-there', ['D18'], 'authorization-refused', ['absent', 'wrong-method'], {
    seen: 'The browser was sent to an authorization endpoint that is not there.',
    shown: 'a page “not found”',
    cause:
      'Claude guessed /authorize at the host of the MCP server, because it could not read the metadata that names the real one.',
    fix: 'Serve the metadata of the authorization server at every place where it is looked for.',
    sources: [claudeIssue(82), claudeIssue(214), claudeIssue(219)],
  }),
  refusal('authorization-refused', ['Z8', 'Z10', 'R12', 'R17'], 'authorization-refused', [], {
    seen: 'The authorization request was refused with a page.',
    shown: 'the error page of the authorization server',
    cause:
      'An unknown client, a redirect URI that is not allowed, or a scope or resource that it does not take.',
    fix: 'The page itself says which; `postern doctor` makes the same request and names it.',
    sources: [authentication, claudeIssue(271), codeIssue(90370)],
  }),

  /* Registration */
  refusal(
    'registration-not-there',
    ['D17', 'R5', 'D18'],
    'registration-refused',
    ['absent', 'wrong-method', 'redirect'],
    {
      seen: 'The client tried to register where there is no registration.',
      shown: `${noClientId}, or ${noRegistration}`,
      cause: 'There is none, or it is at another address than the metadata says or Claude guesses.',
      fix: 'Offer registration or metadata documents as client ids, or type a client id under advanced settings.',
      sources: [claudeIssue(350), authentication],
    },
  ),
  refusal('registration-not-open', ['R3'], 'registration-refused', ['unauthorized'], {
    seen: 'The registration asks for a token (401).',
    shown: noRegistration,
    cause: 'Registration is not open, and Claude has no place to type an initial access token.',
    fix: 'Open it with a limit, or type a client id under advanced settings.',
    sources: [claudeIssue(134)],
  }),
  refusal('registration-blocked', ['R4', 'N8', 'N16'], 'registration-refused', ['forbidden', 'busy'], {
    seen: 'The registration was forbidden or put off.',
    shown: noRegistration,
    cause: 'A bot rule, or a limit by address: all of Claude’s users come from a few.',
    fix: 'Exempt the endpoint from bot rules, and limit by client or count generously for 160.79.104.0/21.',
    sources: [claudeIssue(923)],
  }),
  refusal('registration-fails', ['N17'], 'registration-refused', ['failed', 'unreachable', 'late'], {
    seen: 'The registration ended in a server error, or took longer than ten seconds.',
    shown: noRegistration,
    cause: 'The registration endpoint fails or starts too slowly.',
    fix: 'Look into the log of the authorization server at that second; keep it warm.',
    sources: [troubleshooting],
  }),
  refusal('registration-refused', ['R1', 'R2', 'R14'], 'registration-refused', [], {
    seen: 'The registration was refused.',
    shown: noRegistration,
    cause: 'A callback that is not on its list, or a strict schema that refuses members it does not know.',
    fix: 'Allow the callbacks of claude.ai and claude.com and loopback, and ignore unknown members.',
    sources: [authentication],
  }),
  {
    id: 'registered-then-silence',
    rows: ['R7', 'R8'],
    seen: 'The client registered, and no browser came to sign in.',
    shown: `${noRegistration}, or a window that was closed`,
    cause:
      'The answer to the registration could not be read (null members, no redirect_uris, a secret method without a secret); or the person closed the window, or the authorization endpoint is at another host.',
    fix: '`postern doctor` registers the same way and says what is wrong with the answer.',
    sources: [codeIssue(52565)],
    fits: ({ has, reached, quietSeconds }) =>
      reached === 'registered' && quietSeconds >= personSeconds && !has('authorization-refused'),
  },

  /* Discovery */
  {
    id: 'metadata-blocked',
    rows: ['D1', 'N9', 'N10', 'N11'],
    seen: 'The metadata is forbidden or put off.',
    shown: unreachable,
    cause: 'A login, a bot wall or a limit stands before /.well-known/.',
    fix: 'Metadata is public: exempt /.well-known/ from everything.',
    sources: [claudeIssue(279), claudeIssue(923)],
    fits: (evidence) => isLost(evidence, 'forbidden', 'unauthorized', 'busy'),
  },
  {
    id: 'metadata-fails',
    rows: ['D9', 'N17'],
    seen: 'A request for metadata ended in a server error, or took longer than ten seconds.',
    shown: unreachable,
    cause:
      'An address that the server does not know fails instead of being 404, or a server that starts too slowly.',
    fix: 'Answer unknown addresses below /.well-known/ with 404 at once, and serve metadata from a file.',
    sources: [troubleshooting],
    fits: (evidence) => isLost(evidence, 'failed', 'unreachable', 'late'),
  },
  {
    id: 'metadata-redirected',
    rows: ['D21', 'N18'],
    seen: 'A request for metadata was sent elsewhere.',
    shown: unreachable,
    cause: 'A redirect to another host, to a language or to a login.',
    fix: 'Answer /.well-known/ in place.',
    sources: [troubleshooting],
    fits: (evidence) => isLost(evidence, 'redirect'),
  },
  {
    id: 'metadata-not-there',
    rows: ['D2', 'D3', 'D7', 'D8', 'D22'],
    seen: 'The client looked for metadata, and found none that it could use.',
    shown: unreachable,
    cause:
      'It is served at another place: below the MCP path instead of at the root of the host, only as openid-configuration, or not at all in production.',
    fix: 'Serve /.well-known/oauth-protected-resource and /.well-known/oauth-authorization-server at the root, with the path of the MCP endpoint or issuer inserted after them.',
    sources: ['https://www.rfc-editor.org/rfc/rfc9728#section-3.1', codeIssue(83681), codeIssue(95864)],
    fits: (evidence) => isLost(evidence, 'absent', 'wrong-method', 'wrong-form', 'refused'),
  },
  {
    id: 'server-metadata-not-read',
    rows: ['D4', 'D6', 'D19', 'N22'],
    seen: 'The client read the resource metadata, and did not come for that of the authorization server.',
    shown: unreachable,
    cause:
      'The `resource` in it is not the URL that was typed, its authorization server cannot be reached, or that is another host whose log is not read here.',
    fix: 'Fetch the document and compare; `postern doctor` does. If the authorization server is another host, read its log too: --log again.',
    sources: [troubleshooting, claudeIssue(962)],
    fits: (evidence) =>
      isEarly(evidence) && evidence.has('discovered', 'resource') && !evidence.has('discovered', 'server'),
  },
  {
    id: 'discovery-then-silence',
    rows: ['D12', 'D13', 'D14', 'D15', 'D17', 'D20', 'R4'],
    seen: 'The client read all metadata, and neither registered nor opened a sign-in.',
    shown: `${unreachable} or ${noRegistration}`,
    cause:
      'Something in the metadata stops it: another issuer than was named, no S256, no way to get a client id, an endpoint at a host that it cannot reach. Or the person did not go on.',
    fix: '`postern doctor` reads the same documents and names what is wrong in them.',
    sources: [claudeIssue(350), claudeIssue(479), troubleshooting],
    fits: (evidence) =>
      isEarly(evidence) && evidence.quietSeconds >= personSeconds && evidence.has('discovered', 'server'),
  },

  /* The first answer */
  {
    id: 'wrong-url',
    rows: ['V6', 'D5'],
    seen: 'A client called a URL that is not there (404).',
    shown: notFound,
    cause: 'The connector was added with another path: the bare host, /sse, or one with a typing mistake.',
    fix: 'Have people type the URL of the MCP endpoint, or serve the one that they type.',
    sources: [claudeIssue(930), claudeIssue(877)],
    fits: (evidence) =>
      isEarly(evidence) && (evidence.has('missed', 'mcp') || evidence.has('call-refused', 'absent')),
  },
  {
    id: 'first-request-forbidden',
    rows: ['M4', 'N7', 'N8', 'N12', 'N26', 'P7'],
    seen: 'The first request, without a token, was answered 403 or put off.',
    shown: unreachable,
    cause: 'A bot rule, a list of addresses, hosts or origins; or a server that says 403 where 401 is due.',
    fix: 'Answer a missing token with 401, and exempt the MCP path from rules on agent, address and Origin.',
    sources: [claudeIssue(49), troubleshooting],
    fits: (evidence) => isEarly(evidence) && evidence.has('call-refused', 'forbidden', 'busy'),
  },
  {
    id: 'first-request-form-refused',
    rows: ['M5', 'P6'],
    seen: 'The first request, without a token, was refused for its form before it was asked to sign in.',
    shown: unreachable,
    cause: 'Accept header, content type, method, version or session are checked before the token.',
    fix: 'Check the token first: 401 with a challenge, whatever else is wrong.',
    sources: [claudeIssue(354)],
    fits: (evidence) =>
      isEarly(evidence) && evidence.has('call-refused', 'wrong-form', 'wrong-method', 'refused'),
  },
  {
    id: 'first-request-fails',
    rows: ['M5', 'P2', 'V7'],
    seen: 'The first request ended in a server error, or not in time.',
    shown: unreachable,
    cause: 'The MCP server is not running or fails on a method that it does not know (`server/discover`).',
    fix: 'Answer unknown methods with -32601; look into the log of the MCP server at that second.',
    sources: ['https://github.com/CodeWithCJ/SparkyFitness/issues/2155', troubleshooting],
    fits: (evidence) => isEarly(evidence) && evidence.has('upstream-failed'),
  },
  {
    id: 'challenged-then-silence',
    rows: ['M1', 'M2', 'N9', 'N21'],
    seen: 'The first request was told to sign in (401), and no metadata was asked for.',
    shown: unreachable,
    cause:
      'The challenge does not say where the metadata is, names another host or http, or what is asked for next is dropped before this log is written. Claude Code waits here for its user.',
    fix: 'Send WWW-Authenticate: Bearer resource_metadata="https://…" with the 401; `postern doctor` reads it.',
    sources: [claudeIssue(410), claudeIssue(122), codeIssue(61376)],
    fits: (evidence) => isEarly(evidence) && evidence.has('challenged') && evidence.agent !== 'claude-code',
  },
]

/** A request was refused in this way (in any, for none), and what it asked for was not had afterwards. */
function refusal(
  id: string,
  rows: readonly string[],
  name: 'token-refused' | 'authorization-refused' | 'registration-refused',
  faults: readonly Fault[],
  words: Pick<Diagnosis, 'seen' | 'shown' | 'cause' | 'fix' | 'sources'>,
): Diagnosis {
  const wanted = {
    'token-refused': 'token-issued',
    'authorization-refused': 'authorization-requested',
  } as const
  const had = name === 'registration-refused' ? 'registered' : wanted[name]
  return {
    id,
    rows,
    ...words,
    fits: ({ has, last }) =>
      has(name, ...faults) && last(name, ...faults) >= last(had) && !has('token-issued') && !has('called'),
  }
}

/** It was refused in one of these ways, in any for none, and nothing was good afterwards. */
function isStuck({ has, last }: Evidence, name: StepName, details: readonly string[]): boolean {
  return (
    has(name, ...details) && last(name, ...details) > Math.max(last('refreshed'), last('called', 'other'))
  )
}

function isFirstCall({ has }: Evidence, ...faults: Fault[]): boolean {
  return has('token-issued') && has('call-refused', ...faults) && !has('called')
}

/** Metadata was not had in this way, nor in another: that of the resource is done without where the other is found. */
function isLost(evidence: Evidence, ...faults: Fault[]): boolean {
  const details = faults.flatMap((fault) => [`server-${fault}`, `resource-${fault}`])
  return isEarly(evidence) && evidence.has('missed', ...details) && !evidence.has('discovered', 'server')
}

function isEarly({ has, quietSeconds, reached }: Evidence): boolean {
  const isNamed = has('registration-refused') || has('authorization-refused') || has('token-refused')
  const isUnnamed = reached === undefined || reached === 'challenged' || reached === 'discovered'
  return isUnnamed && !isNamed && quietSeconds >= silenceSeconds
}
