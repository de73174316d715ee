/** What the console shows and its JSON API answers: the same data for both. Instants are epoch seconds. */

export type AttemptState = 'under-way' | 'waiting' | 'connected' | 'stopped' | 'troubled' | 'ended' | 'looked'

export interface OverviewReport {
  now: number
  /** How far back it looks. */
  hours: number
  totals: {
    people: number
    /** That stand now. */
    grants: number
    attempts: number
    connected: number
    stopped: number
    calls: number
    failures: number
  }
  /** By the time at which they began. */
  attempts: readonly { at: number; connected: number; stopped: number; other: number }[]
  calls: readonly { at: number; calls: number; failures: number }[]
  /** The ends of the classes in which half, and 95 of 100, calls ended; undefined without a call. */
  latency: readonly { at: number; medianMs: number | undefined; highMs: number | undefined }[]
  /** Attempts that stopped or are in trouble, by how far they came. */
  failures: readonly StageFailures[]
}

export interface StageFailures {
  /** In words, such as "After registration". */
  stage: string
  count: number
  causes: readonly { id: string; seen: string; count: number }[]
}

export interface Paged<Row> {
  rows: readonly Row[]
  /** Counted from 1. */
  page: number
  /** Undefined on the last. */
  nextPage: number | undefined
}

export interface AttemptRow {
  id: string
  client: string
  /** What kind of program, by its User-Agent. */
  agent: string
  person: string | undefined
  connector: string | undefined
  state: AttemptState
  /** In words; undefined before the first step. */
  reached: string | undefined
  startedAt: number
  lastAt: number
  /** What this server saw go wrong. */
  seen: string | undefined
}

export interface AttemptReport extends AttemptRow {
  clientId: string | undefined
  redirectHost: string | undefined
  grantId: string | undefined
  lastStep: string
  timeline: readonly AttemptStep[]
  diagnosis: AttemptDiagnosis | undefined
}

export interface AttemptStep {
  words: string
  at: number
  afterSeconds: number
  count: number
  lastAt: number
  isInferred: boolean
  status: number | undefined
  errorId: string | undefined
  longestMs: number | undefined
}

export interface AttemptDiagnosis {
  id: string
  /** Of the failure catalogue. */
  rows: readonly string[]
  seen: string
  shown: string | undefined
  cause: string
  fix: string
  sources: readonly string[]
}

export interface PersonRow {
  userId: string
  username: string
  displayName: string
  role: 'admin' | 'member'
  /** Without one they sign in elsewhere. */
  hasPassword: boolean
  createdAt: number
  grants: number
  lastUsedAt: number | undefined
}

export interface ClientRow {
  clientId: string
  name: string
  kind: string
  redirectHosts: readonly string[]
  grants: number
  createdAt: number
  lastUsedAt: number
  /** Undefined: stays until it is removed. */
  expiresAt: number | undefined
}

export interface GrantRow {
  grantId: string
  client: string
  clientId: string
  person: string
  connector: string
  scope: readonly string[]
  createdAt: number
  lastUsedAt: number
  /** Undefined for one that stands. */
  ended: { at: number; why: string } | undefined
}

export interface CredentialRow {
  person: string
  userId: string
  connector: string
  kind: string
  /** As the person or the provider calls it; never the credential. */
  label: string | undefined
  createdAt: number
  changedAt: number
  /** When the upstream last refused it. */
  refusedAt: number | undefined
}

export interface ConnectorReport {
  name: string
  path: string
  url: string
  access: string
  /** Its tools could be listed just now; undefined where each caller sees other ones. */
  answers: boolean
  tools: readonly { name: string; title: string | undefined; readOnly: boolean }[]
  /** Of the last 24 hours. */
  calls: number
  failures: number
  /** The latest first. */
  changes: readonly ToolChange[]
}

export interface ToolChange {
  seenAt: number
  added: readonly string[]
  removed: readonly string[]
  changed: readonly { name: string; lines: readonly DiffLine[] }[]
}

export interface DiffLine {
  kind: 'same' | 'added' | 'removed'
  text: string
}

export interface AuditRow {
  number: number
  at: number
  action: string
  /** A person's name, a client's id, or what kind of doer it was. */
  by: string
  details: Readonly<Record<string, string | number>>
  hash: string
}

export interface AuditReport {
  records: readonly AuditRow[]
  /** For the page that follows. */
  before: number | undefined
}

export interface SettingRow {
  name: string
  value: string
  purpose: string
}
