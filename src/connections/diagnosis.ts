/** Why a connection stopped, as data: what is seen from here, what the person reads in Claude, the likely cause and how to mend it. */

import type { ConnectionRecord } from '../storage/storage.ts'
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
} from './claude-shows.ts'
import { type Evidence, evidenceOf, isTokenRefused, silenceSeconds } from './evidence.ts'
import { extensionDiagnoses } from './extension-diagnoses.ts'
import { authentication, building, claudeIssue, codeIssue, troubleshooting } from './sources.ts'

export interface Diagnosis {
  /** Stable: for scripts. */
  readonly id: string
  /** Of the failure catalogue; none where nothing is broken but somebody has to act. */
  readonly rows: readonly string[]
  /** What this server saw. */
  readonly seen: string
  /** What the person reads, in Claude unless it says otherwise; undefined where nothing is shown. */
  readonly shown: string | undefined
  readonly cause: string
  readonly fix: string
  readonly sources: readonly string[]
  /** The connection stands; something in it does not work. */
  readonly isTrouble?: true
  fits(evidence: Evidence): boolean
}

/** The first that fits, in the order of the list: from what came last in a connection to what came first. */
export function diagnose(
  connection: ConnectionRecord,
  now: number,
  known: readonly Diagnosis[] = diagnoses,
): Diagnosis | undefined {
  const evidence = evidenceOf(connection, now)
  return known.find(({ fits }) => fits(evidence))
}

/** Between registration or discovery and the browser a person may read a dialog. */
const dialogSeconds = 180
/** As long as a person may take to sign in and decide. */
const personSeconds = 1800
/** A client that lost its session opens another after the first 404. */
const sessionLoop = 3

const addresses = 'https://platform.claude.com/docs/en/api/ip-addresses'

const ourPage = 'a page of Postern that says so'

export const diagnoses: readonly Diagnosis[] = [
  /* Once it was connected */
  {
    id: 'refresh-token-reused',
    rows: ['X1'],
    seen: 'An old refresh token came again after its successor was in use, so the connection was revoked.',
    shown: expired,
    cause:
      'Two programs share one sign-in, or a backup of the client was restored; at worst somebody has a copy of the token.',
    fix: 'Connect again. If it happens every day, find out what else uses the same stored sign-in (parallel Claude Code sessions on versions that do not lock it, a copied home directory).',
    sources: [codeIssue(85236), codeIssue(91641), 'https://github.com/PrefectHQ/fastmcp/issues/4901'],
    fits: ({ has }) => has('refresh-reused'),
  },
  {
    id: 'refresh-token-of-another-client',
    rows: ['X8'],
    seen: 'A refresh token came from another client, or for another resource, than it was issued to.',
    shown: expired,
    cause: 'The client registered again and kept the old tokens, or its connector URL was changed.',
    fix: 'Remove the connector and add it again.',
    sources: ['https://github.com/cloudflare/workers-oauth-provider', authentication],
    fits: ({ last }) =>
      last('refresh-refused', 'other-client', 'resource') > Math.max(last('refreshed'), last('token-issued')),
  },
  {
    id: 'refresh-token-dead',
    rows: ['X2'],
    seen: 'The refresh token is revoked, expired or unknown; the client was told `invalid_grant`.',
    shown: expired,
    cause:
      'The connection was revoked (by the operator, the person, or a replay), was not used for longer than refresh tokens live, or the database or its keys were replaced.',
    fix: 'Connect again. `postern grants list --all` shows when and why it ended.',
    sources: [authentication, troubleshooting],
    fits: ({ last }) =>
      last('refresh-refused', 'revoked', 'expired', 'unknown') >
      Math.max(last('refreshed'), last('token-issued')),
  },
  {
    id: 'never-refreshed',
    rows: ['X5'],
    seen: 'The client called with an expired access token, got 401, and did not refresh.',
    shown: expired,
    cause:
      'The client lost its refresh token or never kept one; or something between it and Postern hides the 401 (a proxy that makes it a page, or a 200).',
    fix: 'Look at one call from outside with an expired token: it must be 401 with `WWW-Authenticate`. Then connect again.',
    sources: [claudeIssue(228), claudeIssue(702), codeIssue(65036)],
    fits: ({ last, quietSeconds }) =>
      quietSeconds >= silenceSeconds &&
      last('token-rejected', 'expired') >
        Math.max(last('refreshed'), last('refresh-repeated'), last('called'), last('refresh-refused')),
  },
  {
    id: 'session-lost-again-and-again',
    rows: ['P3'],
    seen: 'The client goes on with a session that is over, though 404 told it to begin another.',
    shown: `tools that fail, or ${noTools}`,
    cause: 'The client does not begin a new session after 404.',
    fix: 'Switch the connector off and on in the conversation, or restart Claude Code. If it began when the public URL or the master key changed, add the connector again.',
    sources: [codeIssue(48557), codeIssue(27425), claudeIssue(450)],
    isTrouble: true,
    fits: ({ count, last }) =>
      count('session-lost') >= sessionLoop &&
      last('session-lost') > Math.max(last('session-opened'), last('called')),
  },
  {
    id: 'upstream-not-started',
    rows: ['V7'],
    seen: 'The command of your MCP server does not start, or ends before it answers.',
    shown: serverError,
    cause: 'A missing program, a wrong directory, a missing environment variable, or a crash at start.',
    fix: 'Run the command by itself; `upstream.exited` in the log has what it printed last. Hand variables on with `--env`.',
    sources: [troubleshooting],
    isTrouble: true,
    fits: (evidence) => isFailing(evidence, 'not-started'),
  },
  {
    id: 'upstream-late',
    rows: ['P14', 'P2'],
    seen: 'Your MCP server did not answer within the time that Postern gives it.',
    shown: 'a tool call that times out',
    cause: 'A slow tool, a server that hangs on a request it does not know, or one that is still starting.',
    fix: 'Let long work start and be asked for; answer unknown methods with -32601; keep the server warm.',
    sources: [troubleshooting, 'https://github.com/CodeWithCJ/SparkyFitness/issues/2155'],
    isTrouble: true,
    fits: (evidence) => isFailing(evidence, 'late'),
  },
  {
    id: 'upstream-broke-off',
    rows: ['P23'],
    seen: 'Your MCP server ended its answer, or itself, in the middle of a call.',
    shown: 'a tool call that fails',
    cause:
      'A crash in the tool, or something idle between Postern and the server that cuts streams or large frames.',
    fix: 'Look for `upstream.exited` and `upstream.stderr` in the log; have proxies between them leave streams open.',
    sources: [troubleshooting],
    isTrouble: true,
    fits: (evidence) => isFailing(evidence, 'broke-off', 'ended'),
  },
  {
    id: 'upstream-refused-postern',
    rows: ['X6'],
    seen: 'Your MCP server answered Postern with 401 or 403.',
    shown: 'a tool call that fails with the sentence of Postern',
    cause:
      'The credential with which Postern calls it is missing, wrong or expired. No sign-in in Claude mends that.',
    fix: 'Give Postern a credential that it accepts (`--upstream-header`).',
    sources: ['https://github.com/getsentry/sentry-mcp'],
    isTrouble: true,
    fits: (evidence) => isFailing(evidence, 'refused'),
  },
  {
    id: 'upstream-redirects',
    rows: ['N18'],
    seen: 'Your MCP server answered Postern with a redirect.',
    shown: serverError,
    cause:
      'The URL of the upstream is not its final one (http for https, a missing or extra slash, apex for www).',
    fix: 'Start Postern with the URL that the redirect names.',
    sources: [troubleshooting, claudeIssue(155)],
    isTrouble: true,
    fits: (evidence) => isFailing(evidence, 'redirect'),
  },
  {
    id: 'upstream-does-not-speak-mcp',
    rows: ['P17', 'P8'],
    seen: 'Your MCP server answered with something that is no MCP message.',
    shown: serverError,
    cause:
      'The URL is that of a page or another API, or of a server that speaks only the older HTTP+SSE transport.',
    fix: 'Point Postern at the Streamable HTTP endpoint of the server.',
    sources: [claudeIssue(117), troubleshooting],
    isTrouble: true,
    fits: (evidence) => isFailing(evidence, 'not-mcp'),
  },
  {
    id: 'upstream-fails',
    rows: ['V7'],
    seen: 'Your MCP server cannot be reached, or answers with an HTTP error.',
    shown: serverError,
    cause: 'It is not running, listens elsewhere, or fails.',
    fix: 'Call it directly from the machine of Postern; `upstream.failed` in the log says how it failed.',
    sources: [troubleshooting],
    isTrouble: true,
    fits: (evidence) => isFailing(evidence, 'unreachable', 'status', 'other'),
  },
  {
    id: 'postern-failed',
    rows: [],
    seen: 'Something went wrong in Postern itself.',
    shown: 'an error with an id',
    cause: 'A fault of Postern, or storage that cannot be read or written (a full disk, a locked database).',
    fix: 'Search the log for the id in the timeline.',
    sources: [],
    isTrouble: true,
    fits: ({ last }) => last('failed') > Math.max(last('called'), last('refreshed'), last('token-issued')),
  },
  {
    id: 'token-of-another-resource',
    rows: ['V2'],
    seen: 'A token that Postern issued was refused, because it was issued for another resource, or is not known.',
    shown: rejected,
    cause:
      'The token was made for another connector or public URL than the one that is called; or something on the way changes or cuts the Authorization header.',
    fix: 'Add the connector with exactly the URL that `postern serve` prints. After a change of the public URL or the path, add it again.',
    sources: [claudeIssue(299), claudeIssue(480)],
    fits: ({ last, has }) =>
      has('token-issued') &&
      last('token-rejected', 'other-resource', 'unknown') > last('called') &&
      last('token-rejected', 'other-resource', 'unknown') >= last('refreshed'),
  },
  {
    id: 'scope-not-granted',
    rows: ['X10'],
    seen: 'A call needed a scope that the person did not grant; Claude was told to ask for it (403 `insufficient_scope`).',
    shown: 'a tool call that fails, or a request to connect again',
    cause: 'The person left the scope unticked, and the client does not ask for more by itself.',
    fix: 'Connect again and leave the scope ticked.',
    sources: [codeIssue(19066), codeIssue(44652), `${building}/lazy-authentication`],
    isTrouble: true,
    fits: ({ last, quietSeconds }) =>
      quietSeconds >= silenceSeconds && last('scope-refused') > last('called'),
  },
  {
    id: 'tools-never-listed',
    rows: ['X12'],
    seen: 'The connection was opened with a good token, and the tools were never asked for.',
    shown: `${noTools}, or tools of an earlier version`,
    cause: 'The client kept a list from before, or gave up after `initialize` or `server/discover`.',
    fix: 'Switch the connector off and on; if that does not help, remove it and add it again.',
    sources: [claudeIssue(1044)],
    isTrouble: true,
    fits: ({ has, quietSeconds }) =>
      quietSeconds >= silenceSeconds &&
      has('called', 'initialize', 'discover') &&
      !has('called', 'list-tools', 'call-tool') &&
      !has('call-failed'),
  },

  /* From the tokens to the first call */
  {
    id: 'authorization-header-lost',
    rows: ['N20', 'N19'],
    seen: 'Right after the tokens were issued, the same kind of client called without a token.',
    shown: rejected,
    cause:
      'Something on the way drops the Authorization header (a proxy or FastCGI), or redirects the call, which makes clients leave it out.',
    fix: 'Have the proxy hand on Authorization, and answer the URL with and without a final slash in place, without a redirect.',
    sources: [claudeIssue(155), claudeIssue(872), 'https://github.com/PrefectHQ/fastmcp/issues/1466'],
    fits: (evidence) => isUnused(evidence) && evidence.has('called-without-token'),
  },
  {
    id: 'token-never-used',
    rows: ['V1', 'N8', 'N13', 'N14'],
    seen: 'The tokens were issued, and no call with them has ever arrived.',
    shown: rejected,
    cause:
      'Calls to the MCP endpoint are dropped before Postern: a bot rule that refuses the agent `Claude-User` (sign-in comes with another), a firewall that allows only the OAuth paths, or a balancer rule that matches /mcp/* and not /mcp.',
    fix: 'Send one POST to the MCP URL with the agent Claude-User and one with curl from outside: if only one arrives, exempt the MCP path from bot rules, or allow 160.79.104.0/21.',
    sources: [claudeIssue(49), claudeIssue(438), claudeIssue(620), claudeIssue(299), addresses],
    fits: isUnused,
  },

  /* The token endpoint */
  ...tokenRefusals(),
  ...extensionDiagnoses,
  {
    id: 'requests-put-off',
    rows: ['T18'],
    seen: 'Requests of this client were put off: too many at once, or a database that is busy.',
    shown: `${exchangeFailed}, or a sign-in that does not go on`,
    cause: 'A client in a loop, a flood under its name, or a disk that cannot follow.',
    fix: 'Try again in a minute; `request.refused` in the log names the limit.',
    sources: [troubleshooting],
    fits: ({ last }) =>
      Math.max(last('token-refused', 'limited'), last('authorization-refused', 'limited')) >
      Math.max(last('token-issued'), last('refreshed'), last('authorization-requested')),
  },
  {
    id: 'client-forgotten',
    rows: ['R12', 'R13'],
    seen: 'A client came to the token endpoint with an id that is not known here; it was told 401 `invalid_client`.',
    shown: `mcp_client_invalid, or ${expired}`,
    cause:
      'The client was removed, or the database or its keys were replaced; the client still holds the old id.',
    fix: 'Claude registers again by itself after this answer. If it does not, remove the connector and add it again.',
    sources: [claudeIssue(798), codeIssue(79505), 'https://github.com/PrefectHQ/fastmcp/issues/1762'],
    fits: ({ last }) =>
      last('token-refused', 'unknown-client') > Math.max(last('refreshed'), last('token-issued')),
  },
  {
    id: 'code-never-redeemed',
    rows: ['Z2', 'Z3', 'T13', 'Z18'],
    seen: 'The person approved, a code was issued, and nobody came to exchange it.',
    shown: 'nothing after Allow, or “Connect” again; in Claude Code a browser that cannot reach localhost',
    cause:
      'The browser did not get back: an extension, blocked cookies or an in-app browser stopped the callback, or it cannot reach the loopback port of Claude Code (SSH, container). Or the call of the client to /oauth/token is dropped before Postern.',
    fix: 'Try another browser without extensions; in Claude Code paste the URL of the callback. Then look whether POST /oauth/token passes the edge for the agent python-httpx.',
    sources: [claudeIssue(815), claudeIssue(671), claudeIssue(215), codeIssue(62801)],
    fits: (evidence) => evidence.reached === 'approved' && evidence.quietSeconds >= silenceSeconds,
  },

  /* The person */
  {
    id: 'person-declined',
    rows: ['Z6'],
    seen: 'The person declined.',
    shown: signInFailed,
    cause: 'It was their choice, or everything was left unticked.',
    fix: 'If it was a mistake: connect again and choose Allow.',
    sources: [],
    fits: ({ has }) => has('denied') && !has('token-issued'),
  },
  {
    id: 'consent-not-trusted',
    rows: ['Z17'],
    seen: 'The answer to the consent page came without its proof, or the page was opened in another browser.',
    shown: ourPage,
    cause:
      'Cookies are blocked, the page was open for too long, or its link was opened in a second browser or by a scanner.',
    fix: 'Start again from Claude, and stay in the browser that it opens, with cookies allowed.',
    sources: [claudeIssue(671), claudeIssue(683)],
    fits: ({ has }) => has('consent-refused') && !has('approved') && !has('denied'),
  },
  {
    id: 'no-account-yet',
    rows: [],
    seen: 'A person came to sign in, and there is no account.',
    shown: ourPage,
    cause: 'The setup link was not used yet.',
    fix: 'Open the setup link that `postern serve` printed, or run `postern users create`; then connect again.',
    sources: [],
    fits: ({ has, reached }) => has('sign-in-impossible') && reached === 'authorization-requested',
  },
  {
    id: 'sign-in-failed',
    rows: [],
    seen: 'The person could not sign in.',
    shown: ourPage,
    cause: 'A wrong user name or password, or too many tries.',
    fix: 'Try again, or set another password with `postern users set-password`.',
    sources: [],
    fits: (evidence) =>
      evidence.has('sign-in-failed') &&
      evidence.reached === 'authorization-requested' &&
      evidence.quietSeconds >= dialogSeconds,
  },
  {
    id: 'consent-never-answered',
    rows: [],
    seen: 'The person was asked for consent and never answered.',
    shown: undefined,
    cause: 'The window was closed or forgotten.',
    fix: 'Connect again; a request waits for half an hour.',
    sources: [],
    fits: (evidence) => evidence.reached === 'consent-shown' && evidence.quietSeconds >= personSeconds,
  },
  {
    id: 'sign-in-abandoned',
    rows: [],
    seen: 'The sign-in was opened in a browser and not finished.',
    shown: undefined,
    cause: 'The window was closed, or the person has no account here.',
    fix: 'Connect again. `postern users create` makes an account.',
    sources: [],
    fits: ({ reached, quietSeconds }) =>
      (reached === 'authorization-requested' || reached === 'signed-in') && quietSeconds >= personSeconds,
  },

  /* The authorization request */
  {
    id: 'client-not-known',
    rows: ['R12', 'R13', 'R20'],
    seen: 'The browser was sent here with a client id that is not known.',
    shown: `${ourPage}, with the steps to remove and add the connector`,
    cause:
      'Claude holds the id of a client that was removed or lost, or something else was typed into the field for the client id.',
    fix: 'Remove the connector in Claude and add it again. For a typed id: `postern clients list` shows those there are.',
    sources: [claudeIssue(798), codeIssue(84614), codeIssue(72818)],
    fits: (evidence) => isRefused(evidence, 'unknown-client'),
  },
  {
    id: 'client-document-unreadable',
    rows: ['R15', 'R16', 'D16'],
    seen: 'The metadata document that the client names as its id could not be read.',
    shown: ourPage,
    cause:
      'A bot wall at its host answered Postern, its host is down, or the way out of this machine is closed.',
    fix: 'Fetch the URL from this machine; it must be JSON with status 200. `client.document_failed` in the log says what came.',
    sources: [claudeIssue(650), claudeIssue(96)],
    fits: (evidence) => isRefused(evidence, 'document'),
  },
  {
    id: 'redirect-not-registered',
    rows: ['R17', 'Z13'],
    seen: 'The redirect URI is not one that this client registered.',
    shown: ourPage,
    cause:
      'For Claude Code a fixed callback port or path (/oauth/callback for /callback) that differs from the registration; for a client entered by hand a missing callback.',
    fix: 'Register exactly the URI that the client sends (ports of loopback do not count): `postern clients create --redirect-uri`.',
    sources: [codeIssue(90370), codeIssue(42765), codeIssue(86233), authentication],
    fits: (evidence) => isRefused(evidence, 'redirect'),
  },
  {
    id: 'resource-not-served',
    rows: ['Z8', 'D4'],
    seen: 'The client asked for a resource that is not served here.',
    shown: signInFailed,
    cause:
      'The connector was added with another URL than the one that Postern serves, or its public URL has changed.',
    fix: 'Add the connector with exactly the URL that `postern serve` prints.',
    sources: [authentication, codeIssue(73460), claudeIssue(271)],
    fits: (evidence) => isRefused(evidence, 'resource'),
  },
  {
    id: 'authorization-not-supported',
    rows: ['Z15'],
    seen: 'The authorization request asks for what is not offered, or leaves out PKCE.',
    shown: signInFailed,
    cause:
      'A client of an older or another protocol: no S256 challenge, another response type, or `prompt=none`.',
    fix: 'Update the client; `request.refused` in the log names the parameter.',
    sources: ['https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization'],
    fits: (evidence) => isRefused(evidence, 'challenge', 'response-type', 'prompt', 'other'),
  },

  /* Registration */
  {
    id: 'registration-redirect-refused',
    rows: ['R1', 'R2'],
    seen: 'The registration was refused for its redirect URI.',
    shown: noRegistration,
    cause: 'The callback is neither https, nor http on loopback, nor a private scheme that names its owner.',
    fix: 'Claude’s own callbacks are accepted. For another client: `request.refused` in the log names the URI and what is wrong with it.',
    sources: [authentication],
    fits: ({ has }) => has('registration-refused', 'redirect') && isUnregistered(has),
  },
  {
    id: 'registration-not-invited',
    rows: ['R3'],
    seen: 'The registration came without a valid initial access token, which this server asks for.',
    shown: noRegistration,
    cause: 'Registration is by invitation only, and Claude has no place to type an invitation.',
    fix: 'Allow open registration, or make a client with `postern clients create` and type its id into the connector.',
    sources: [claudeIssue(134), 'https://www.rfc-editor.org/rfc/rfc7591#section-3'],
    fits: ({ has }) => has('registration-refused', 'invitation') && isUnregistered(has),
  },
  {
    id: 'registration-metadata-refused',
    rows: ['R14'],
    seen: 'The registration was refused for its metadata.',
    shown: noRegistration,
    cause: 'The body is not a JSON object of client metadata, or a member has a wrong type.',
    fix: '`request.refused` in the log names the member.',
    sources: ['https://github.com/cloudflare/workers-oauth-provider'],
    fits: ({ has }) => has('registration-refused', 'metadata', 'other') && isUnregistered(has),
  },
  {
    id: 'registration-put-off',
    rows: ['N16', 'R4'],
    seen: 'The registration was put off, because very many new clients registered in this minute.',
    shown: noRegistration,
    cause: 'A flood of invented clients; Claude’s own registrations are all alike and do not count.',
    fix: 'Try again in a minute. If it goes on, switch registration off (`--no-registration`) and use metadata documents.',
    sources: [addresses],
    fits: ({ has }) => has('registration-refused', 'busy') && isUnregistered(has),
  },
  {
    id: 'registration-switched-off',
    rows: ['D17', 'R5'],
    seen: 'The client tried to register, and registration is switched off.',
    shown: noClientId,
    cause: 'The client knows no other way to identify itself.',
    fix: 'Allow registration, or make a client with `postern clients create` and type its id into the connector.',
    sources: [claudeIssue(350), authentication],
    fits: ({ has }) => has('missed', 'register') && isUnregistered(has),
  },
  {
    id: 'endpoints-guessed',
    rows: ['D18'],
    seen: 'The client guessed the OAuth endpoints without reading the metadata that names them.',
    shown: unreachable,
    cause:
      'It cannot read the metadata: a bot wall or firewall covers /.well-known/, or a proxy answers there itself.',
    fix: 'Fetch both metadata documents from outside with the agent python-httpx; exempt /.well-known/ and /oauth/.',
    sources: [claudeIssue(82), claudeIssue(214), claudeIssue(219)],
    fits: ({ has, quietSeconds }) =>
      (has('guessed') || has('missed', 'endpoint')) &&
      !has('discovered', 'server') &&
      !has('authorization-requested') &&
      quietSeconds >= silenceSeconds,
  },
  {
    id: 'registered-then-silence',
    rows: ['R7', 'R8'],
    seen: 'The client registered, and no browser came to sign in.',
    shown: `${noRegistration}, or a window that was closed`,
    cause:
      'The person closed the window before it opened the sign-in; or something changed the answer to the registration on the way, so that the client could not read it.',
    fix: 'Connect again and watch the browser. Compare the answer to a registration from outside with one from this machine.',
    sources: [codeIssue(52565)],
    fits: (evidence) => evidence.reached === 'registered' && evidence.quietSeconds >= dialogSeconds,
  },

  /* Before the client named itself */
  {
    id: 'wrong-host-name',
    rows: ['N26'],
    seen: 'Requests arrive for a host name that is not the public URL.',
    shown: unreachable,
    cause: 'A tunnel or proxy sends its own name as Host, or the connector was added under another name.',
    fix: 'Set `--public-url` to the name that people use, or allow the other one with `--trusted-host`.',
    sources: [troubleshooting],
    fits: (evidence) => isEarly(evidence) && evidence.has('host-refused'),
  },
  {
    id: 'foreign-page',
    rows: ['P7'],
    seen: 'A web page that is not ours and not Claude’s called the MCP endpoint.',
    shown: serverError,
    cause:
      'A client that runs in a browser, on an origin that is not allowed; or an attempt to reach a local server through a browser.',
    fix: 'Use a client that does not run in a page, or one on this machine.',
    sources: [troubleshooting],
    fits: (evidence) => isEarly(evidence) && evidence.has('origin-refused'),
  },
  {
    id: 'wrong-url',
    rows: ['V6', 'D5'],
    seen: 'A client called a URL that is not the MCP endpoint.',
    shown: notFound,
    cause: 'The connector was added with another path: the bare host, /sse, or one with a typing mistake.',
    fix: 'Add the connector with exactly the URL that `postern serve` prints.',
    sources: [claudeIssue(930), claudeIssue(877)],
    fits: (evidence) => isSilent(evidence) && evidence.has('missed', 'mcp'),
  },
  {
    id: 'metadata-of-another-url',
    rows: ['D2', 'D3'],
    seen: 'A client looked for metadata where there is none (404), and did not find the right one.',
    shown: unreachable,
    cause:
      'It was given another URL than the one served here, or it looks below the MCP path instead of at the root.',
    fix: 'Add the connector with exactly the URL that `postern serve` prints, and do not rewrite /.well-known/ in a proxy.',
    sources: [codeIssue(83681), 'https://www.rfc-editor.org/rfc/rfc9728#section-3.1'],
    fits: (evidence) =>
      isSilent(evidence) &&
      evidence.has('missed', 'resource', 'server', 'appended') &&
      !evidence.has('discovered', 'server'),
  },
  {
    id: 'server-metadata-not-read',
    rows: ['D6', 'D7'],
    seen: 'The client read the resource metadata, and did not come for that of the authorization server.',
    shown: unreachable,
    cause:
      'The issuer in the metadata is not reachable for it: another public URL, or a rule on /.well-known/oauth-authorization-server.',
    fix: 'Fetch the URL in `authorization_servers` from outside. It is made from `--public-url`.',
    sources: [troubleshooting, claudeIssue(962)],
    fits: (evidence) =>
      isSilent(evidence) &&
      evidence.has('challenged') &&
      evidence.has('discovered', 'resource') &&
      !evidence.has('discovered', 'server'),
  },
  {
    id: 'discovery-then-silence',
    rows: ['R4', 'D20'],
    seen: 'The client read all metadata, and neither registered nor opened a sign-in.',
    shown: `${unreachable} or ${noRegistration}`,
    cause:
      'The person did not go on; or POST /oauth/register is dropped before Postern (a bot rule, a rate limit); or Claude still uses metadata that it read before a change.',
    fix: 'Connect again. If it stays so, exempt /oauth/ from bot rules and limits; after a change of the public URL wait five minutes or add the connector under its new URL.',
    sources: [claudeIssue(479), claudeIssue(505), troubleshooting],
    fits: (evidence) =>
      // A client that is connected reads it again before a refresh, and is not challenged.
      isEarly(evidence) &&
      evidence.quietSeconds >= dialogSeconds &&
      evidence.has('challenged') &&
      evidence.has('discovered', 'server'),
  },
  {
    id: 'token-not-known',
    rows: ['C1', 'X3'],
    seen: 'Somebody called with a token that was not issued here or was revoked, and did not sign in anew.',
    shown: `${expired}; in Claude Code “failed”`,
    cause:
      'A fixed Authorization header was configured, which Claude Code does not replace by a sign-in; or tokens are left from before the database or its keys were replaced.',
    fix: 'Remove the configured header, or connect again.',
    sources: ['https://code.claude.com/docs/en/mcp', troubleshooting],
    fits: (evidence) => isSilent(evidence) && evidence.has('token-rejected'),
  },
  {
    id: 'challenged-then-silence',
    rows: ['N8', 'N9', 'N11', 'D1'],
    seen: 'The first request was told to sign in (401), and no metadata was asked for after it.',
    shown: unreachable,
    cause:
      'The metadata cannot be read from outside: a bot wall or firewall answers /.well-known/ with 403, a challenge or a page, while the MCP path passes.',
    fix: 'Fetch /.well-known/oauth-protected-resource from outside with the agent python-httpx: it must be JSON with status 200. Exempt /.well-known/, /oauth/ and the MCP path from bot rules.',
    sources: [claudeIssue(279), claudeIssue(923), claudeIssue(354), troubleshooting],
    fits: (evidence) => isSilent(evidence) && evidence.has('challenged') && connectsByItself(evidence.agent),
  },
]

function tokenRefusals(): Diagnosis[] {
  const refused = (details: readonly string[], diagnosis: Omit<Diagnosis, 'fits' | 'shown'>): Diagnosis => ({
    ...diagnosis,
    shown: `${exchangeFailed}, or ${signInFailed}`,
    fits: (evidence) => isTokenRefused(evidence, ...details),
  })
  return [
    refused(['verifier'], {
      id: 'wrong-verifier',
      rows: ['T4'],
      seen: 'The code came with a PKCE verifier that does not match its challenge.',
      cause: 'The client mixed up two attempts, or computes the challenge in another way than S256.',
      fix: 'Start again, in one window only. If it happens each time, the client has a fault.',
      sources: ['https://www.rfc-editor.org/rfc/rfc7636#section-4.6'],
    }),
    refused(['redirect'], {
      id: 'redirect-changed',
      rows: ['T6'],
      seen: 'The code came with another redirect URI than the one it was sent to.',
      cause: 'The client writes its callback in two ways (port, encoding, slash).',
      fix: 'The client has to send the very same text twice, or leave it out of the token request.',
      sources: ['https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3'],
    }),
    refused(['resource'], {
      id: 'resource-changed',
      rows: ['T7'],
      seen: 'The code came for another resource than was authorized.',
      cause: 'The client was given another URL than the one served here, or changes it on the way.',
      fix: 'Add the connector with exactly the URL that `postern serve` prints. The code was not used up.',
      sources: [
        'https://github.com/cloudflare/workers-oauth-provider',
        'https://www.rfc-editor.org/rfc/rfc8707#section-2.2',
      ],
    }),
    refused(['other-client'], {
      id: 'code-of-another-client',
      rows: ['R11'],
      seen: 'The code was issued to one client and presented by another.',
      cause: 'The client registered twice, a second apart, and mixed up the two ids.',
      fix: 'Connect again. Both registrations are kept here, so the next attempt works unless the client mixes them up again.',
      sources: [claudeIssue(966), claudeIssue(654)],
    }),
    refused(['expired'], {
      id: 'code-expired',
      rows: ['T11', 'N17'],
      seen: 'The code was presented after it had expired.',
      cause:
        'The browser or the client waited for minutes: a page that stayed open, or a very slow way to the token endpoint.',
      fix: 'Connect again without a pause. If it repeats, look for seconds lost between the callback and POST /oauth/token.',
      sources: [troubleshooting],
    }),
    refused(['unknown'], {
      id: 'code-not-known',
      rows: ['T5'],
      seen: 'A code came that was never issued here.',
      cause:
        'Two servers answer for one address without sharing a database, or the code was changed on the way.',
      fix: 'Let all instances use one database; look at what a proxy does to the callback URL.',
      sources: [claudeIssue(134)],
    }),
    refused(['replayed'], {
      id: 'code-used-twice',
      rows: ['Z17'],
      seen: 'A code came a second time; what it had given was revoked.',
      cause: 'A link scanner, a double click, or a client that repeats a request whose answer it lost.',
      fix: 'Connect again.',
      sources: ['https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2'],
    }),
    refused(['client-secret'], {
      id: 'client-secret-wrong',
      rows: ['R6', 'T3', 'R22'],
      seen: 'The client did not prove itself as it was registered: its secret is missing, wrong, or not expected.',
      cause:
        'A typed secret with a mistake, or a client that was made with a secret and is used without one.',
      fix: 'Type the secret again; `postern clients create` without `--confidential` makes a client that needs none.',
      sources: [claudeIssue(667), authentication],
    }),
    refused(['client-credentials'], {
      id: 'machine-grant',
      rows: ['T15'],
      seen: 'The client asked for a token without a person (client_credentials).',
      cause: 'It was set up as a machine client; every connection here acts for a person.',
      fix: 'Configure it for the authorization code flow.',
      sources: [authentication, claudeIssue(7)],
    }),
    refused(['form'], {
      id: 'token-request-not-a-form',
      rows: ['T1'],
      seen: 'The token request was not a form.',
      cause: 'A client, or a proxy that rewrites bodies, sends JSON.',
      fix: 'Token requests are `application/x-www-form-urlencoded`.',
      sources: ['https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3'],
    }),
  ]
}

function isFailing({ has, last }: Evidence, ...faults: string[]): boolean {
  return has('upstream-failed', ...faults) && last('upstream-failed', ...faults) > last('called')
}

function isUnused(evidence: Evidence): boolean {
  const { has, reached, quietSeconds } = evidence
  const wasHeardOf = has('call-failed') || has('call-refused') || has('scope-refused') || has('revoked')
  const isIssued = reached === 'token-issued' || (reached === 'refreshed' && !has('called'))
  return has('token-issued') && isIssued && !wasHeardOf && quietSeconds >= silenceSeconds
}

function isRefused({ has }: Evidence, ...details: string[]): boolean {
  return has('authorization-refused', ...details) && !has('authorization-requested')
}

function isUnregistered(has: Evidence['has']): boolean {
  return !has('registered') && !has('authorization-requested')
}

/** Nobody has said who they are. */
function isEarly({ reached }: Evidence): boolean {
  return reached === undefined || reached === 'challenged' || reached === 'discovered'
}

function isSilent(evidence: Evidence): boolean {
  return isEarly(evidence) && evidence.quietSeconds >= silenceSeconds
}

/** Claude Code waits for its user after the 401; monitors, scanners and people at a command line never go on. */
function connectsByItself(agent: string | undefined): boolean {
  return agent !== undefined && !['claude-code', 'browser', 'tool', 'none', 'other'].includes(agent)
}
