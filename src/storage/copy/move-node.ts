/** The note that an SQLite file bears once its records have moved: where to, for the server that is still at work on it. */

import { DatabaseSync } from 'node:sqlite'
import { withoutPassword } from '../postgres/url.ts'

export interface Move {
  /** With its password, until whoever was at work here has read it. */
  target: string
  movedAt: number
}

export const createMoveTable =
  'CREATE TABLE moved_to (target TEXT NOT NULL, moved_at BIGINT NOT NULL, taken_at BIGINT)'

export function recordMove(database: DatabaseSync, { target, movedAt }: Move): void {
  database.prepare('INSERT INTO moved_to (target, moved_at) VALUES (?, ?)').run(target, movedAt)
}

/** Undefined where the records are still here. */
export function findMove(database: DatabaseSync): Move | undefined {
  const isMoved = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'moved_to'").get() !== undefined
  const row = isMoved ? database.prepare('SELECT target, moved_at FROM moved_to').get() : undefined
  return row && { target: String(row.target), movedAt: Number(row.moved_at) }
}

/** Where a server goes on. */
export function takeMove(path: string, now: number): string | undefined {
  return withDatabase(path, (database) => {
    const move = findMove(database)
    if (move === undefined) return undefined
    database.prepare('UPDATE moved_to SET taken_at = ?').run(now)
    return move.target
  })
}

/** True once a server has gone on. */
export function isMoveTaken(path: string): boolean {
  return withDatabase(
    path,
    (database) => database.prepare('SELECT taken_at FROM moved_to').get()?.taken_at != null,
  )
}

export function forgetPassword(path: string): void {
  withDatabase(path, (database) => {
    const move = findMove(database)
    if (move !== undefined)
      database.prepare('UPDATE moved_to SET target = ?').run(withoutPassword(move.target))
  })
}

function withDatabase<T>(path: string, use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  try {
    return use(database)
  } finally {
    database.close()
  }
}
