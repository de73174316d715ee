/** Moves a live SQLite file into PostgreSQL: most of it while its server goes on, the rest while writes wait a moment. */

import { setTimeout as wait } from 'node:timers/promises'
import { migrations } from '../migrations.ts'
import { StorageError } from '../storage-error.ts'
import { forgetPassword, isMoveTaken } from './move-node.ts'
import { openPostgresTarget, type PostgresTarget } from './postgres-target.ts'
import { openSqliteSource, type SqliteSource } from './sqlite-source-node.ts'

export interface CopyOptions {
  from: string
  /** The URL of an empty PostgreSQL database. */
  to: string
  now: number
  signal: AbortSignal
  onProgress(progress: CopyProgress): void
}

export type CopyProgress =
  | { kind: 'copied'; rows: number }
  | { kind: 'followed'; rows: number }
  | { kind: 'paused' }

export interface Copied {
  /** By table. */
  rows: Record<string, number>
  /** How long writes waited. */
  pausedMs: number
  /** A server was at work on the file, and goes on in PostgreSQL. */
  hasServerMoved: boolean
}

/** All or nothing: until the last step the SQLite file is what counts, from then on PostgreSQL. */
export async function copyToPostgres({ from, to, now, signal, onProgress }: CopyOptions): Promise<Copied> {
  const source = openSqliteSource(from, migrations.at(-1)?.version ?? 0)
  let isOver = false
  try {
    const target = await openPostgresTarget(to, source.tables)
    try {
      await copySnapshot(source, target, signal, onProgress)
      await follow(source, target, signal, onProgress)
      onProgress({ kind: 'paused' })
      const startedAt = performance.now()
      source.pause()
      const rows = await cutOver(source, target)
      source.finish({ target: to, movedAt: now })
      isOver = true
      const pausedMs = performance.now() - startedAt
      return { rows, pausedMs, hasServerMoved: await hasBeenTaken(from) }
    } finally {
      await target.close()
    }
  } finally {
    if (isOver) forgetPassword(from)
    else source.giveUp()
  }
}

const rowsPerStep = 2_000

async function copySnapshot(
  source: SqliteSource,
  target: PostgresTarget,
  signal: AbortSignal,
  onProgress: CopyOptions['onProgress'],
): Promise<void> {
  let copied = 0
  for (const { table, rows } of source.snapshot(rowsPerStep)) {
    signal.throwIfAborted()
    await target.insert(table, rows)
    copied += rows.length
    onProgress({ kind: 'copied', rows: copied })
  }
  await target.analyze()
}

/** Until what is left is so little that nobody minds waiting for it; or until it is clear that it does not get less. */
async function follow(
  source: SqliteSource,
  target: PostgresTarget,
  signal: AbortSignal,
  onProgress: CopyOptions['onProgress'],
): Promise<void> {
  for (let round = 0; round < maximumRounds; round++) {
    signal.throwIfAborted()
    const changes = source.changes()
    await target.replace(changes)
    const rows = changes.reduce((sum, { keys }) => sum + keys.length, 0)
    onProgress({ kind: 'followed', rows })
    if (rows <= littleEnough) return
  }
}

const maximumRounds = 20
const littleEnough = 200

async function cutOver(source: SqliteSource, target: PostgresTarget): Promise<Record<string, number>> {
  await target.replace(source.changes())
  const rows: Record<string, number> = {}
  for (const table of source.tables) {
    const [here, there] = [source.count(table), await target.count(table)]
    if (here !== there) {
      const says = `${table.name} has ${here} rows, and ${there} of them arrived; nothing was moved`
      throw new StorageError('damaged-copy', says)
    }
    rows[table.name] = here
  }
  await target.finish()
  return rows
}

/** A server finds out at its next step; one without visitors looks every second. */
async function hasBeenTaken(path: string): Promise<boolean> {
  const deadline = performance.now() + takingTimeoutMs
  while (performance.now() < deadline) {
    if (isMoveTaken(path)) return true
    await wait(50)
  }
  return false
}

const takingTimeoutMs = 5_000
