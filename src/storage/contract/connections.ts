/** Connections: what became of each attempt to connect. */

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
