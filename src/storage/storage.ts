/**
 * The storage contract: verbs of the domain, each with its atomic promise. There is no get and put: an
 * engine that cannot compare and swap cannot be one (docs/decisions/0002). `conformance.ts` proves an adapter.
 *
 * Every instant is epoch seconds; a record whose `expiresAt` is now has expired. Every secret arrives as a hash:
 * nothing here could be used to sign in. Lists come newest first.
 */

import type { ClientMetadata } from '../oauth/client-metadata.ts'
import type { TokenHash } from '../platform/crypto.ts'

export interface Storage
  extends ClientStorage,
    AuthorizationStorage,
    TokenStorage,
    AccountStorage,
    SessionStorage,
    KeyStorage,
    ConnectionStorage,
    InvitationStorage,
    PushedRequestStorage,
    UniqueIdStorage,
    InstanceStorage,
    UsageStorage,
    ToolListStorage,
    AuditStorage,
    CredentialStorage,
    DetourStorage,
    PasskeyStorage {
  /**
   * Removes up to `limit` records whose time has passed, and says how many. Never touches a live one, nor a client
   * that has a live grant; a code that was taken stays for a day longer, so that a late replay is still recognised.
   */
  removeExpired(now: number, limit: number): Promise<number>
  /** Everything written so far is durable when this resolves. */
  close(): Promise<void>
}

/* Clients */

export interface ClientRecord {
  /** A minted row id, or for a pre-registered client the id it was given. Never an https URL. */
  clientId: string
  /**
   * `recovered`: brought back for a client whose registration was forgotten (house rule 4). `managed`: one registration
   * that was changed by its holder, and so shares its row with no other; `removed`: one that its holder removed (RFC 7592).
   * `resource-server`: no client, but entered as one: it asks about tokens (RFC 7662).
   */
  kind: 'registered' | 'recovered' | 'managed' | 'removed' | 'pre-registered' | 'resource-server'
  metadata: ClientMetadata
  /** Of a resource server: the one whose tokens it may ask about. Of a pre-registered client: the only one it may ask for. */
  resource?: string | undefined
  /** Pre-registered confidential clients and resource servers only; a registered client's secret is derived, not stored. */
  secretHash: TokenHash | undefined
  /** Registrations that differ in nothing but their name share one; how many may wait unconfirmed is capped. */
  similarityKey: string
  createdAt: number
  lastUsedAt: number
  /** When a person first approved it; an unconfirmed registration expires. */
  confirmedAt: number | undefined
  /** `undefined` for a pre-registered client, which stays until it is removed. */
  expiresAt: number | undefined
}

/** A fetched client metadata document, kept for when its host does not answer. */
export interface ClientDocumentRecord {
  clientId: string
  document: Readonly<Record<string, unknown>>
  fetchedAt: number
  /** Until then it is used without asking again; afterwards only if asking fails. */
  freshUntil: number
}

export interface ClientStorage {
  /**
   * Inserts, or renews `lastUsedAt` and `expiresAt` of the row that is there, to the later of the two; its
   * metadata stays. Where more than `maximumSimilar` unconfirmed rows share the similarity key, the oldest of them
   * go, never the one just added.
   */
  registerClient(client: ClientRecord, maximumSimilar: number): Promise<'created' | 'renewed'>
  /** Succeeds once for an id; for a resource server too. */
  addPreRegisteredClient(client: ClientRecord): Promise<'created' | 'id-taken'>
  /** Inserts, or replaces all of the row that is there: for one registration alone, by its holder (RFC 7592). */
  saveManagedClient(client: ClientRecord): Promise<void>
  findClient(clientId: string): Promise<ClientRecord | undefined>
  /** Called at approval: sets `confirmedAt` if unset, `lastUsedAt`, and `expiresAt` as given. */
  confirmClient(clientId: string, at: number, expiresAt: number | undefined): Promise<void>
  listClients(limit: number): Promise<ClientRecord[]>
  /**
   * Removes the client or client document and revokes the grants made with it, in one step: those whose `clientRowId`
   * or `clientId` it is. False when nothing was there.
   */
  removeClient(clientId: string, at: number): Promise<boolean>
  saveClientDocument(record: ClientDocumentRecord): Promise<void>
  findClientDocument(clientId: string): Promise<ClientDocumentRecord | undefined>
}

/* Authorization requests that wait for a person, and the codes they end in */

export interface PendingAuthorizationRecord {
  pendingId: string
  /** Of the cookie of the one browser that may go on with it. */
  browserHash: TokenHash
  flowId: string
  clientId: string
  redirectUri: string
  state: string | undefined
  resource: string
  /** Names of the offered scopes that were asked for. */
  scope: readonly string[]
  codeChallenge: string
  /** Of the key that the code is to be bound to, if the request named one (RFC 9449 §10). */
  keyThumbprint?: string | undefined
  createdAt: number
  expiresAt: number
  /** The one that stands: the first. */
  decision: PendingDecision | undefined
}

export type PendingDecision =
  | { kind: 'approved'; scope: readonly string[]; userId: string; decidedAt: number }
  | { kind: 'denied'; decidedAt: number }

export interface AuthorizationCodeRecord {
  codeHash: TokenHash
  flowId: string
  clientId: string
  userId: string
  redirectUri: string
  resource: string
  scope: readonly string[]
  codeChallenge: string
  /** Of the key that must be proved where it is exchanged. */
  keyThumbprint?: string | undefined
  createdAt: number
  expiresAt: number
  wrongVerifiers: number
  /** The grant it was exchanged for, once it was taken. */
  grantId: string | undefined
}

export interface AuthorizationStorage {
  /** Rejects for an id that is there: a second save would undo a decision. */
  savePendingAuthorization(record: PendingAuthorizationRecord): Promise<void>
  findPendingAuthorization(pendingId: string, now: number): Promise<PendingAuthorizationRecord | undefined>
  /**
   * Decides once. The first decision stands, whatever a second submission says; the record comes back as it
   * stands, so that both submissions can give the same answer. With the first approval the code is
   * stored in the same step.
   */
  decidePendingAuthorization(
    pendingId: string,
    decision: PendingDecision,
    code: AuthorizationCodeRecord | undefined,
    now: number,
  ): Promise<PendingAuthorizationRecord | undefined>
  /** Also a code that was taken or is expired, until it is removed: a replay has to be told from a guess. */
  findAuthorizationCode(codeHash: TokenHash): Promise<AuthorizationCodeRecord | undefined>
  /** Adds one and returns the new count; 0 for a code that is not there. */
  countWrongVerifier(codeHash: TokenHash): Promise<number>
  /**
   * Succeeds once: of any number at the same time, one gets `taken`, and grant and tokens are stored in that
   * same step. `gone` when there is no such code, when it expired at `now` without having been taken, and when the
   * stored client that the grant names was removed.
   */
  takeAuthorizationCode(
    codeHash: TokenHash,
    tokens: IssuedTokens,
    now: number,
  ): Promise<'taken' | 'already-taken' | 'gone'>
}

/* Grants and tokens */

/** What one person allowed one installation of a client: a family of refresh tokens and their access tokens. */
export interface GrantRecord {
  grantId: string
  flowId: string
  clientId: string
  /** The stored client it was made with, which many registrations can share; undefined for one known by its document. */
  clientRowId: string | undefined
  clientName: string
  userId: string
  resource: string
  scope: readonly string[]
  redirectUri: string
  createdAt: number
  lastUsedAt: number
  /** Moves on with each refresh. */
  expiresAt: number
  revokedAt: number | undefined
  revokedReason: string | undefined
  /** Of the key that its tokens are bound to (RFC 9449). */
  keyThumbprint?: string | undefined
}

export interface RefreshTokenRecord {
  tokenHash: TokenHash
  grantId: string
  /** 0 for the first of its family. */
  generation: number
  issuedAt: number
  /** When this token, or the access token issued with it, was first used. */
  firstUsedAt: number | undefined
  /** When it was exchanged for its successor. */
  rotatedAt: number | undefined
}

export interface AccessTokenRecord {
  tokenHash: TokenHash
  grantId: string
  /** Of the refresh token it was issued with. */
  generation: number
  expiresAt: number
  firstUsedAt: number | undefined
}

export interface IssuedTokens {
  grant: GrantRecord
  refreshToken: RefreshTokenRecord
  accessToken: AccessTokenRecord
}

/** All that a token check needs, in one look-up. */
export interface LiveAccessToken {
  accessToken: AccessTokenRecord
  grant: GrantRecord
}

export interface RotationRequest {
  presented: TokenHash
  successor: TokenHash
  accessToken: TokenHash
  accessTokenExpiresAt: number
  /** The new end of the grant, epoch seconds. */
  grantExpiresAt: number
  /** How long the same answer is given while nothing of the successor was ever used. */
  lostResponseSeconds: number
  /** How long it is given after the successor's first use. */
  reuseGraceSeconds: number
  /** Of the key that was proved with this request. */
  keyThumbprint?: string | undefined
  /** A client that proves itself otherwise may go on with another key; the grant is then bound to that. */
  mayChangeKey?: boolean | undefined
}

/**
 * `rotated`: the successor now stands. `repeated`: this very token was rotated before and the rule still
 * gives the same answer; `accessTokenExpiresAt` is that answer's, moved to the requested instant if it was about to
 * pass unused (less than 60 s left), and may have passed if it was used. `other-key`: the grant is bound to a key, and
 * this was not it: nothing was changed, since whoever lacks the key must not be able to end the grant either. `reused`: the rule is over; the grant was
 * revoked in this step. `revoked`, `expired`, `unknown`: nothing was changed. `unknown` also where the answer that
 * stands has other hashes than the requested ones, as after a change of the key that successors are derived with.
 */
export type Rotation =
  | { outcome: 'rotated'; grant: GrantRecord; accessTokenExpiresAt: number }
  | { outcome: 'repeated'; grant: GrantRecord; accessTokenExpiresAt: number }
  | { outcome: 'reused'; grant: GrantRecord }
  | { outcome: 'revoked' | 'expired' | 'unknown' | 'other-key' }

export interface TokenStorage {
  /** A grant that no code came before. */
  saveGrant(tokens: IssuedTokens): Promise<void>
  findRefreshToken(
    tokenHash: TokenHash,
  ): Promise<{ refreshToken: RefreshTokenRecord; grant: GrantRecord } | undefined>
  /**
   * Swaps or says why not, in one step (house rule 2). Using a refresh token counts as its first use. A window is
   * open for less than its seconds; 0 never opens. Rows of generations for which the answer can only be `reused` may
   * be dropped once their access token has ended, or once they are more than 256 generations old; such a token is
   * then `unknown` here, and known by its own mac to the caller, who revokes the grant that it names.
   */
  rotateRefreshToken(request: RotationRequest, now: number): Promise<Rotation>
  /** Undefined for an unknown or expired token, or one of an expired or revoked grant. The hot path: one indexed look-up. */
  findAccessToken(tokenHash: TokenHash, now: number): Promise<LiveAccessToken | undefined>
  /** Sets `firstUsedAt` of the access token and of its refresh token where unset, and the grant's `lastUsedAt`. */
  markAccessTokenUsed(tokenHash: TokenHash, at: number): Promise<void>
  findGrant(grantId: string): Promise<GrantRecord | undefined>
  /** Also revoked ones. `clientId` may also be that of a stored client, for all that were made with it. */
  listGrants(filter: { userId?: string; clientId?: string }, limit: number): Promise<GrantRecord[]>
  /** True for the call that revoked it, false when it was revoked or absent. Its tokens are dead when this resolves. */
  revokeGrant(grantId: string, at: number, reason: string): Promise<boolean>
}

/* People */

export interface UserRecord {
  userId: string
  /** Compared without case. */
  username: string
  displayName: string
  /** Argon2id, in PHC string form; undefined for people who sign in elsewhere. */
  passwordHash: string | undefined
  role: 'admin' | 'member'
  createdAt: number
  /** Of people who sign in elsewhere: as the provider of that name said at their last sign-in. */
  outside?: OutsideFacts | undefined
}

export interface OutsideFacts {
  /** The name of the identity provider. */
  provider: string
  /** Only one that the provider vouches for. */
  email: string | undefined
  groups: readonly string[]
}

export interface AccountStorage {
  createUser(user: UserRecord): Promise<'created' | 'name-taken'>
  /**
   * Makes the first account and spends the setup link in one step. Of two at once, one wins. `link-invalid`
   * when the hash is not the stored one or its time has passed, `not-first` when an account exists, whatever the hash.
   */
  createFirstUser(
    user: UserRecord,
    setupHash: TokenHash,
    now: number,
  ): Promise<'created' | 'link-invalid' | 'not-first'>
  findUser(userId: string): Promise<UserRecord | undefined>
  findUserByName(username: string): Promise<UserRecord | undefined>
  listUsers(limit: number): Promise<UserRecord[]>
  hasUsers(): Promise<boolean>
  /** Of the same password, made anew. */
  setPasswordHash(userId: string, passwordHash: string): Promise<boolean>
  /** Of another password: in the same step every browser session of the person ends. */
  changePasswordHash(userId: string, passwordHash: string): Promise<boolean>
  /**
   * Inserts a person who signs in elsewhere, or brings display name, role and outside facts of the one with this id up
   * to date; the user name stays. `name-taken` where another has that name, and nothing is changed.
   */
  saveOutsideUser(user: UserRecord): Promise<'created' | 'updated' | 'name-taken'>
  /**
   * Removes the account, its browser sessions, its codes that were not taken, its credentials, passkeys and recovery
   * codes, and revokes its grants, in one step.
   */
  removeUser(userId: string, at: number): Promise<boolean>
  /** Replaces any earlier link. The first account, however it was made, spends it. */
  saveSetupLink(setupHash: TokenHash, expiresAt: number): Promise<void>
  hasSetupLink(now: number): Promise<boolean>
}

export interface BrowserSessionRecord {
  sessionHash: TokenHash
  userId: string
  createdAt: number
  expiresAt: number
}

/** What became of an MCP session since its id was made. `owner` is the gateway's word for a person and a client. */
export type McpSessionMark = { kind: 'ended' } | { kind: 'claimed'; owner: string }

export interface SessionStorage {
  saveBrowserSession(record: BrowserSessionRecord): Promise<void>
  findBrowserSession(sessionHash: TokenHash, now: number): Promise<BrowserSessionRecord | undefined>
  removeBrowserSession(sessionHash: TokenHash): Promise<void>
  /** MCP sessions are self-contained; only one of which the id no longer tells all needs a row, until it would have expired. */
  findMcpSession(sessionHash: TokenHash, now: number): Promise<McpSessionMark | undefined>
  /** For good, whoever had it. */
  endMcpSession(sessionHash: TokenHash, expiresAt: number): Promise<void>
  /** A stranger's session becomes the first one's who claims it. Of any number at once all are told what stands. */
  claimMcpSession(sessionHash: TokenHash, owner: string, expiresAt: number): Promise<McpSessionMark>
}

/* Keys */

/** A data key, encrypted under the master key, which is never here (house rule 5). */
export interface WrappedKeyRecord {
  purpose: string
  /** Names the master key that wraps it; derived from it, tells nothing about it. */
  masterKeyId: string
  wrapped: Uint8Array
  createdAt: number
}

export interface KeyStorage {
  listKeys(): Promise<WrappedKeyRecord[]>
  /**
   * Inserts unless the purpose has a key, and returns the one that stands. Rejects while any stored key is wrapped by
   * another master key: a server that still holds the old one must not add a key that the new one cannot open.
   */
  addKeyIfAbsent(key: WrappedKeyRecord): Promise<WrappedKeyRecord>
  /** False when nothing was there. */
  removeKey(purpose: string): Promise<boolean>
  /** All or none; refused (false) if any stored key is not wrapped by `fromMasterKeyId`, or is not among `keys`. */
  rewrapKeys(fromMasterKeyId: string, keys: readonly WrappedKeyRecord[]): Promise<boolean>
}

/* Connections: what became of each attempt to connect */

/** One thing that happened on the way of a connection, in the closed words of the connection story. */
export interface ConnectionStep {
  name: string
  /** Which kind of it; empty where there is one kind. */
  detail: string
  /** Joined by connector, agent and time, because the request named no client. */
  isInferred: boolean
  count: number
  firstAt: number
  lastAt: number
  /** HTTP status of the last one. */
  status: number | undefined
  /** Of the last one that was logged with an id: finds its line in the log. */
  errorId: string | undefined
  /** The slowest one, milliseconds. */
  longestMs: number | undefined
}

/** Holds no secret and no text that a stranger could choose freely, but the client's name. */
export interface ConnectionRecord {
  connectionId: string
  connector: string | undefined
  /** The family of its User-Agent. */
  agent: string | undefined
  clientId: string | undefined
  clientName: string | undefined
  userId: string | undefined
  grantId: string | undefined
  redirectHost: string | undefined
  /** A person signed in: it outlives what strangers can make. */
  isKnown: boolean
  startedAt: number
  lastAt: number
  /** By name, detail and inference each once; in order of their first time. */
  steps: readonly ConnectionStep[]
  /** Ids of connections that turned out to be its beginning, and are now part of it. */
  joined: readonly string[]
}

export interface StoredConnection extends ConnectionRecord {
  /** When it was last written. */
  recordedAt: number
}

export interface ConnectionStorage {
  /**
   * Adds each record to what is stored under its id, in one step for all: counts are added, the earliest and the
   * latest instants stand, what is newly said about who it is replaces what was. A connection in `joined` that is
   * there is taken away, and its steps are added to those of this one, as is what is recorded of it later, by an
   * instance that does not know yet. Beyond 10 000 the oldest go, and beyond 5 000 of those in which nobody has signed
   * in the oldest of these.
   */
  recordConnections(changes: readonly ConnectionRecord[], now: number): Promise<void>
  /** By the time of their last step. `recordedSince` leaves out what was not written at or after it. */
  listConnections(filter: { recordedSince?: number }, limit: number): Promise<StoredConnection[]>
  findConnection(connectionId: string): Promise<StoredConnection | undefined>
}

/* Invitations: initial access tokens, by which an operator lets clients register (RFC 7591 §3) */

export interface InvitationRecord {
  invitationId: string
  tokenHash: TokenHash
  /** The operator's own word for whom it is. */
  note: string
  createdAt: number
  expiresAt: number
  /** How many registrations it is still good for. */
  usesLeft: number
}

export interface InvitationStorage {
  addInvitation(invitation: InvitationRecord): Promise<void>
  /** Takes one use, in one step, and gives what is left of it. Undefined when it is unknown, expired or used up. */
  takeInvitation(tokenHash: TokenHash, now: number): Promise<InvitationRecord | undefined>
  listInvitations(limit: number): Promise<InvitationRecord[]>
  /** False when nothing was there. */
  removeInvitation(invitationId: string): Promise<boolean>
}

/* Authorization requests that were pushed and wait for their browser (RFC 9126) */

export interface PushedRequestRecord {
  referenceHash: TokenHash
  clientId: string
  /** As a query string, without what authenticated its client. */
  parameters: string
  createdAt: number
  expiresAt: number
}

export interface PushedRequestStorage {
  /** Beyond 10 000 the oldest go. */
  savePushedRequest(record: PushedRequestRecord): Promise<void>
  /** Succeeds once, and only for its own client: another who asks leaves it where it is. */
  takePushedRequest(
    referenceHash: TokenHash,
    clientId: string,
    now: number,
  ): Promise<PushedRequestRecord | undefined>
}

/* Ids that count once: of signed assertions and proofs, which are not to be accepted a second time */

export interface UniqueIdRecord {
  /** Of the id and of all that it belongs to. */
  idHash: TokenHash
  /** Who signed it. */
  owner: string
  expiresAt: number
}

export interface UniqueIdStorage {
  /**
   * Of any number at the same time one gets `taken`; the others, and whoever comes before it expires, `already-taken`.
   * `full`, and nothing is remembered, where its owner has `maximumOfOwner` that have not expired.
   */
  takeUniqueId(
    id: UniqueIdRecord,
    maximumOfOwner: number,
    now: number,
  ): Promise<'taken' | 'already-taken' | 'full'>
}

/* What an upstream is called with for one person: a key that the person gave, an account at another provider */

export interface CredentialRecord {
  userId: string
  /** The path of the connector it is for. */
  connector: string
  /** Another one each time that the person gives one; the same through its renewals. */
  credentialId: string
  kind: 'user-supplied' | 'upstream-oauth'
  /** Encrypted with a data key, for this person and connector alone. */
  sealed: Uint8Array
  /** Which account it is, as far as it is known; shown to its person and the operator. */
  label: string | undefined
  /** 0, and one more with each renewal. */
  version: number
  createdAt: number
  changedAt: number
  /** When the upstream did not accept it any more: its person is asked for another. */
  refusedAt: number | undefined
}

export type CredentialVersion = Pick<CredentialRecord, 'userId' | 'connector' | 'credentialId' | 'version'>

/** Of the version that was renewed. */
export interface CredentialRenewal extends CredentialVersion {
  sealed: Uint8Array
  changedAt: number
}

export interface CredentialStorage {
  /** Inserts, or replaces the one of this person for this connector. */
  saveCredential(record: CredentialRecord): Promise<void>
  findCredential(userId: string, connector: string): Promise<CredentialRecord | undefined>
  listCredentials(filter: { userId?: string; connector?: string }, limit: number): Promise<CredentialRecord[]>
  /** False when nothing was there. */
  removeCredential(userId: string, connector: string): Promise<boolean>
  /**
   * The right to renew this version, until then or until it was renewed: of any number at the same time one gets it.
   * False also where another version stands, or none.
   */
  takeCredentialRenewal(credential: CredentialVersion, until: number, now: number): Promise<boolean>
  /** Gives that right back, where the renewal came to nothing: whoever is next may try. */
  dropCredentialRenewal(credential: CredentialVersion): Promise<void>
  /** Stores what a renewal gave as the next version. False, and nothing is changed, where another version stands by now. */
  renewCredential(renewal: CredentialRenewal): Promise<boolean>
  /** Sets `refusedAt` where this very version stands; false where it does not, or is refused already. */
  refuseCredential(credential: CredentialVersion, at: number): Promise<boolean>
}

/* Detours: a browser was sent to another server, to sign in or to connect an account, and is to come back */

export interface DetourRecord {
  /** Of the `state` that it was sent with. */
  stateHash: TokenHash
  /** Of the cookie of the one browser that may come back with it. */
  browserHash: TokenHash
  /** What it was sent for, and by whom it may be taken. */
  purpose: string
  /** Encrypted: what has to be known when it comes back. */
  sealed: Uint8Array
  createdAt: number
  expiresAt: number
}

export interface DetourStorage {
  /** Beyond 100 000 the oldest go. */
  saveDetour(record: DetourRecord): Promise<void>
  /** Succeeds once, and only for its own browser and purpose: another who asks leaves it where it is. */
  takeDetour(
    detour: Pick<DetourRecord, 'stateHash' | 'browserHash' | 'purpose'>,
    now: number,
  ): Promise<DetourRecord | undefined>
}

/* Usage: which tools a connection has used, and how much is going on */

export interface ToolUse {
  grantId: string
  tool: string
  calls: number
  firstAt: number
  lastAt: number
}

/** How often something happened at a connector within one hour. */
export interface HourCount {
  /** The beginning of the hour. */
  hourAt: number
  connector: string
  /** One of a closed set of words. */
  measure: string
  count: number
}

export interface UsageStorage {
  /**
   * Adds to what is stored, in one step. Uses of a grant that is not there are left out, and so are further tools of a
   * grant that has 100 already: a client may call by any name.
   */
  recordUsage(uses: readonly ToolUse[], counts: readonly HourCount[]): Promise<void>
  /** Those used last come first. */
  listToolUses(grantId: string): Promise<ToolUse[]>
  /** From the hour that begins at `since` on, in order of time. They go after 35 days. */
  listHourCounts(since: number): Promise<HourCount[]>
}

/* Tool lists: what each connector offered, and when that changed */

export interface ToolListRecord {
  /** Its path. */
  connector: string
  seenAt: number
  /** As the MCP server wrote them: name, description, schemas, annotations. */
  tools: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[]
}

export interface ToolListStorage {
  /**
   * Keeps the list unless it says the same as the newest of its connector, in whatever order; true where it was kept.
   * Of each connector the newest 20 stay.
   */
  noteToolList(list: ToolListRecord): Promise<boolean>
  listToolLists(connector: string, limit: number): Promise<ToolListRecord[]>
}

/* Audit: who did what, in a log that is only ever added to */

export interface AuditEntry {
  at: number
  /** The stable name of an event or an action. */
  action: string
  /** Who did it: `user`, `client`, `operator` (at the command line) or `server`. */
  actor: string
  /** The id of the user or client. */
  actorId: string | undefined
  flowId: string | undefined
  /** What it was done to, and how; holds no secret. */
  details: Readonly<Record<string, string | number>>
}

export interface AuditRecord extends AuditEntry {
  /** From 1, without a gap. */
  number: number
  previousHash: string
  /** Of this record together with the hash of the one before: who changes one has to change all that follow. */
  hash: string
}

export interface AuditStorage {
  /** All in this order, in one step, each chained to the one before, also where several processes append at once. */
  appendAudit(entries: readonly AuditEntry[]): Promise<void>
  /** `before` a number; `actorId` by whom. */
  listAudit(
    filter: { before?: number; action?: string; actorId?: string },
    limit: number,
  ): Promise<AuditRecord[]>
  /** The oldest first, from after a number on: for export, and to prove the chain. They go after 400 days. */
  readAudit(after: number, limit: number): Promise<AuditRecord[]>
}

/* Passkeys, by which people sign in without a password (WebAuthn), and recovery codes for when they are lost */

export interface PasskeyRecord {
  /** As the authenticator named it, base64url. */
  passkeyId: string
  userId: string
  /** COSE, as it was registered. */
  publicKey: Uint8Array
  /** Of its signatures; 0 where it does not count. */
  counter: number
  transports: readonly string[]
  /** The person's own word for it. */
  label: string
  createdAt: number
  lastUsedAt: number | undefined
}

export interface PasskeyStorage {
  /** `full` where the person has `maximum`, `id-taken` where anybody has one of this id; nothing is changed then. */
  addPasskey(passkey: PasskeyRecord, maximum: number): Promise<'added' | 'id-taken' | 'full'>
  findPasskey(passkeyId: string): Promise<PasskeyRecord | undefined>
  listPasskeys(userId: string): Promise<PasskeyRecord[]>
  /** Notes a signature. False, and nothing is changed, where it did not count on: then there are two of it. */
  usePasskey(passkeyId: string, counter: number, at: number): Promise<boolean>
  /** In the same step every browser session of the person ends: one of them may have begun with it. False when this person has none of this id. */
  removePasskey(userId: string, passkeyId: string): Promise<boolean>
  /** In place of all that the person had. */
  saveRecoveryCodes(userId: string, codeHashes: readonly TokenHash[]): Promise<void>
  /** Succeeds once for each. */
  takeRecoveryCode(userId: string, codeHash: TokenHash): Promise<boolean>
  countRecoveryCodes(userId: string): Promise<number>
}

/* Instances: the processes that serve these records at the same time (house rule 13) */

export interface InstanceRecord {
  /** Another one at each start. */
  instanceId: string
  /** Where the others reach it. */
  address: string
  /** When it was last heard of. */
  beatAt: number
}

/** Whose processes run on the claimant. */
export interface HomeClaim {
  callerHash: TokenHash
  claimant: InstanceRecord
  /** Who was last heard of before that is dead. */
  aliveSince: number
  /** Was not reached, whatever it says of itself. */
  gone?: string | undefined
  expiresAt: number
}

export interface InstanceStorage {
  beatInstance(instance: InstanceRecord): Promise<void>
  /** Undefined where there is none, or its instance has left. It may be dead. */
  findHome(callerHash: TokenHash): Promise<InstanceRecord | undefined>
  /**
   * The home that stands, which then does not end before `expiresAt`, or the claimant where none does. Of any number at
   * once all are told the same.
   */
  claimHome(claim: HomeClaim): Promise<InstanceRecord>
  /** It has ended in order. */
  removeInstance(instanceId: string): Promise<void>
}
