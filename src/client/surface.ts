/** The contract of a surface: what one product that connects does on the wire, as data with its source and the day it was seen. */

import type { MetadataExpectations } from '../oauth/authorization-server-metadata.ts'
import type { ResourceMatch } from '../oauth/protected-resource-metadata.ts'

/** Where a behaviour was read or seen, and when. What Claude does changes; a line without both could not be refuted. */
export interface Evidence {
  /** A URL of an issue, thread or page, or `recorded` for a sequence taken on loopback. */
  source: string
  /** `2026-11` or `2026-08-14`. */
  observedAt: string
}

/** Parts of a connection that one product may send from different programs. */
export type Stage =
  | 'probe'
  | 'discovery'
  | 'sign-in'
  | 'registration'
  | 'token'
  | 'refresh'
  | 'revocation'
  | 'mcp'

export interface Surface {
  /** The name for `--as`. */
  name: string
  /** The name for people. */
  title: string
  /** The revision of MCP that this surface is held to, where it has one. */
  revision?: string
  userAgents: UserAgents
  discovery: DiscoveryRules
  identity: IdentityRules
  authorization: AuthorizationRules
  token: TokenRules
  refresh: RefreshRules
  challenges: ChallengeRules
  mcp: McpRules
  deadlines: Deadlines
  /** What the product does and this does not, as sentences for people: no verdict on a server says anything of it. */
  notModelled: readonly string[]
}

export interface UserAgents extends Evidence {
  /** Sent at every stage that names none of its own. */
  otherwise: string
  stages: Partial<Record<Stage, string>>
}

export interface DiscoveryRules extends Evidence {
  /** Sent with every metadata request. */
  headers: Readonly<Record<string, string>>
  /** Where protected resource metadata is looked for, in order; none for a product that does not read it. */
  resourceMetadata: readonly ('challenge' | 'path' | 'root')[]
  /** The address in the challenge is the last word: when it fails, the well-known places are not tried. */
  challengeIsFinal: boolean
  /** Which `resource` is taken for the URL that was typed. `prefix`: same origin, and its path starts the typed one. */
  resourceMatch: ResourceMatch
  /** What is done when no protected resource metadata is found. */
  withoutResourceMetadata: 'server-origin' | 'refuse'
  /** Which well-known names of an issuer are asked. */
  issuerMetadata: 'oauth-and-openid' | 'oauth'
  /** The same, when the issuer is only assumed to be the server's origin. */
  assumedIssuerMetadata: 'oauth-and-openid' | 'oauth'
  /** Whether an unusable candidate leads to the next one: for any 4xx; for 4xx and 502. */
  continueOn: '4xx' | '4xx-and-502'
  /** A resource's document that is unusable for any other reason: the next place, as if there were none, or the end. */
  unusableResourceMetadata: 'next' | 'absent' | 'stop'
  /** The same for an issuer's document. */
  unusableIssuerMetadata: 'next' | 'stop'
  /** Redirects of metadata requests are followed so far. */
  redirects: 'same-origin' | 'any'
  /** When no metadata of the issuer is found: `/authorize`, `/token`, `/register` at its root (MCP 2025-03-26), or nothing. */
  withoutIssuerMetadata: 'default-endpoints' | 'refuse'
  issuerMatch: 'identical' | 'unchecked'
  /** What is asked of `code_challenge_methods_supported`: be there with S256, or not be there without it. */
  pkce: MetadataExpectations['pkce']
  /** The rounds of metadata requests before a person is sent to the browser. */
  signInPasses: readonly [DiscoveryPass, ...DiscoveryPass[]]
  /** The whole of it once more after the browser came back. */
  againBeforeToken: 'always' | 'resource-metadata-if-absent' | 'never'
}

export interface DiscoveryPass {
  stage: Stage
  /**
   * `resource-first` starts from nothing. The others ask a known issuer first, then for the resource:
   * known because a sign-in was remembered, or because a client is registered there.
   */
  order: 'resource-first' | 'issuer-first-if-remembered' | 'issuer-first-if-registered'
  /** Places of protected resource metadata other than the usual ones. */
  places?: readonly ('path' | 'root')[]
}

export interface IdentityRules extends Evidence {
  /** In this order, the first that can be had. */
  order: readonly ('configured' | 'metadata-document' | 'registration')[]
  metadataDocument: MetadataDocumentRules | undefined
  registration: RegistrationRules
  redirect: RedirectRules
}

export interface MetadataDocumentRules extends Evidence {
  clientId: string
  /** What the server's metadata must say: the flag alone, or the flag and `none` among the authentication methods. */
  requires: 'flag' | 'flag-and-none'
}

export interface RegistrationRules extends Evidence {
  /**
   * The body, member by member in its order. `{redirect_uri}`, `{scope}`, `{server}` and `{method}` are filled in;
   * a member whose filling does not exist is left out.
   */
  body: Readonly<Record<string, unknown>>
  /** Members without which the answer is refused. */
  requiredInAnswer: readonly string[]
  /** A null member in the answer is refused. */
  refusesNull: boolean
}

export type RedirectRules =
  | (Evidence & {
      kind: 'loopback'
      host: 'localhost' | '127.0.0.1'
      path: string
      /** Tried first; another one where it is taken. */
      port?: number
      /** The same, where a client id was given. */
      configuredPort?: number
    })
  | (Evidence & { kind: 'fixed'; uri: string })

export interface AuthorizationRules extends Evidence {
  /** Where the first scope comes from: the first of these that names any. */
  scope: readonly ('configured' | 'challenge' | 'resource-metadata' | 'authorization-server' | 'fixed')[]
  /** What `fixed` stands for. */
  fixedScope?: string
  /** `offline_access` is added when the authorization server lists it; `alone` even where no other scope is known. */
  offlineAccess: 'with-others' | 'alone' | 'never'
  /** `prompt=consent` goes with `offline_access`. */
  consentPrompt: boolean
  /**
   * RFC 8707: the metadata's `resource` as a URL object writes it (an origin gains a slash), byte for byte,
   * or the server's URL in canonical form.
   */
  resource: 'metadata-url' | 'metadata-verbatim' | 'canonical' | 'none'
  /** What is sent when there is no protected resource metadata. */
  resourceWithoutMetadata: 'canonical' | 'none'
  /** RFC 9207: the four-row table of MCP 2026-07-28, or no look at it. */
  issuerInResponse: 'four-rows' | 'unchecked'
  /** Bytes of randomness in a verifier: 32 give 43 characters, 96 the maximum of 128. */
  verifierBytes: number
}

export interface TokenRules extends Evidence {
  headers: Readonly<Record<string, string>>
  /** `registered`: what registration answered, else Basic, then the body, as the server lists them. `body`: always the body. */
  clientAuthentication: 'registered' | 'body'
}

export interface RefreshRules extends Evidence {
  /** Metadata is read again first. */
  pass: DiscoveryPass | undefined
  /** Refreshed when fewer seconds than this are left, before the request that needs the token. Zero: never ahead. */
  aheadSeconds: number
  /** How often a rejected token is refreshed before the connection is given up. */
  attempts: number
  /** After a refresh the MCP session is opened anew, or the one request is repeated. */
  afterwards: 'reconnect' | 'repeat'
}

export interface ChallengeRules extends Evidence {
  /** Authorization requests in one run, at most. Zero: it is called with a token, and sends nobody to a browser. */
  maximumSignIns: number
  /** The scope after 403 `insufficient_scope`. */
  stepUpScope: 'challenge' | 'union' | 'none'
  /** Before a second sign-in, and when the connector is removed, the old tokens are revoked (RFC 7009) after this round. */
  revocation: DiscoveryPass | undefined
  /** A 403 that names no missing scope, at the first connection. */
  otherForbidden: 'sign-in' | 'stop'
}

export interface McpRules extends Evidence {
  /** What is sent first, with and without a token. */
  first: 'server/discover' | 'initialize'
  /** The version that `initialize` asks for. */
  initializeVersion: string
  /** Whether the modern era is spoken at all. */
  modern: boolean
  accept: string
  headers: Readonly<Record<string, string>>
  clientInfo: Readonly<Record<string, unknown>>
  capabilities: Readonly<Record<string, unknown>>
  /** A GET without a token after the first 401. */
  probesStream: boolean
  /** GET for the server's own messages after `initialized`. */
  opensStream: boolean
  /** In the modern era, `subscriptions/listen` instead. */
  listens: boolean
  /** All three lists whatever the server declares, those it declares, or nothing but the tools. */
  lists: 'always' | 'declared' | 'tools'
  /** The version header after `initialize`. */
  versionHeader: boolean
  /** Tools are listed only by a server that gave a session id. */
  needsSessionId: boolean
  /** Answers to the first POST that lead to HTTP+SSE at the same URL. */
  fallsBackToEvents: 'any-4xx' | '400-404-405' | 'never'
  /** When HTTP+SSE is spoken from the start: for a URL whose path ends in `/sse`, always, or never. */
  events: 'sse-path' | 'always' | 'never'
  /** A stream that ended before its response is taken up again with `Last-Event-ID`. */
  resumes: boolean
  /** DELETE at the end (HTTP-2025-03-26-25). */
  endsSession: boolean
  /** After 404 for a session id. */
  sessionLost: 'initialize-again' | 'stop'
}

/** Whole seconds; a stage that is not answered by then counts as not reached. */
export interface Deadlines extends Evidence {
  discoverySeconds: number
  registrationSeconds: number
  tokenSeconds: number
  refreshSeconds: number
  requestSeconds: number
  toolSeconds: number
}

export function userAgentOf(surface: Surface, stage: Stage): string {
  return surface.userAgents.stages[stage] ?? surface.userAgents.otherwise
}
