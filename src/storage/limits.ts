/** How much the outside can make a storage keep, how long what is over is remembered, and in what words a grant ended. */

/** Anybody can open the authorize page; beyond this many waiting requests the oldest go. */
export const maximumPendingAuthorizations = 100_000

/** Any client can push a request; beyond this many that wait for their browser the oldest go. */
export const maximumPushedRequests = 10_000

/** Anybody can begin to sign in elsewhere; beyond this many that have not come back the oldest go. */
export const maximumDetours = 100_000

/** Anybody can register; beyond this many that no person has approved the oldest go. */
export const maximumUnconfirmedClients = 100_000

/** Anybody can host a client metadata document; beyond this many those fetched longest ago go. */
export const maximumClientDocuments = 10_000

/** A code that was taken is remembered this long after its end, so that a late replay still revokes (OAuth 2.1 §4.1.3). */
export const takenCodeKeptSeconds = 86_400

/** A client document is kept this long after it was last fresh, for a host that does not answer. */
export const staleDocumentKeptSeconds: number = 30 * 86_400

/** Connection stories are for finding out what went wrong lately; beyond this many the oldest go. */
export const maximumConnections = 10_000

/** Anybody can begin to connect: so many in which nobody has signed in, that a flood leaves room for the others. */
export const maximumStrangersConnections = 5_000

/** A connection story goes this long after its last step. */
export const connectionKeptSeconds: number = 7 * 86_400

/** An instance beats every few seconds; one that is silent for this long has no row any more. */
export const silentInstanceKeptSeconds = 3_600

/** Another instance may still record what it saw of a connection that has become part of another one. */
export const lateRecordSeconds = 600

/** Different tools that are remembered of one grant. */
export const maximumToolsOfGrant = 100

/** Lists of tools that are kept of one connector, to see what changed. */
export const maximumToolLists = 20

/** Counts of an hour are kept for a month and a bit, so that a month can be looked back at. */
export const hourCountKeptSeconds: number = 35 * 86_400

/** A year and a bit, as auditors ask for. */
export const auditKeptSeconds: number = 400 * 86_400

/** Steps are told in a closed set of words, so that a story comes to an end before this. */
export const maximumConnectionSteps = 100

/** Requests before a registration are gathered by agent, so that a connection begins with one or two of these. */
export const maximumJoinedConnections = 8

/** Beyond this many generations in one grant the oldest go, also if their access tokens would live on. */
export const maximumGenerations = 256

/** A repeated answer should be of use: an unused access token with less than this left is given more time. */
export const minimumRepeatedSeconds = 60

/** The `revokedReason` of grants that nobody revoked by hand. */
export const revokedBecause: Readonly<
  Record<'refreshTokenReused' | 'clientRemoved' | 'userRemoved' | 'credentialMissing', string>
> = {
  refreshTokenReused: 'refresh-token-reused',
  clientRemoved: 'client-removed',
  userRemoved: 'user-removed',
  credentialMissing: 'credential-missing',
}

/** Usernames are compared in this form: what looks the same and differs only in case is one name. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase()
}
