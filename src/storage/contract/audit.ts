/** Audit: who did what, in a log that is only ever added to. */

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
