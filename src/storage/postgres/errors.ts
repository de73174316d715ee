/** What PostgreSQL and its driver say is wrong, in the kinds of the storage contract. */

import { StorageError } from '../storage-error.ts'

export function storageErrorOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error
  const says = (kind: StorageError['kind'], sentence: string) =>
    new StorageError(kind, sentence, { cause: error })
  const code = codeOf(error) ?? ''
  if (error instanceof UnknownOutcome)
    return says('unreachable', `PostgreSQL went away while it was told to commit: ${messageOf(error.cause)}`)
  if (code.startsWith('28'))
    return says('not-writable', `PostgreSQL refused the user or the password: ${error.message}`)
  if (code === '3D000') return says('not-writable', `${error.message}; create it with createdb`)
  if (code === '42501')
    return says('not-writable', `the user of the database may not do this: ${error.message}`)
  if (code === '53100') return says('not-writable', 'the disk of the PostgreSQL server is full')
  if (code === '53300') return says('overloaded', 'the PostgreSQL server takes no more connections')
  if (code === '55P03' || code === '57014')
    return says('locked', 'a statement waited too long for PostgreSQL, or for another transaction')
  if (meansUnreachable(code, error))
    return says('unreachable', `PostgreSQL cannot be reached: ${error.message}`)
  return error
}

/** Whatever was asked on this connection, nothing more will be answered on it. */
export function isUnreachable(error: unknown): boolean {
  const known = storageErrorOf(error)
  return known instanceof StorageError && known.kind === 'unreachable'
}

/** The server went away between being told to commit and saying that it had. */
export class UnknownOutcome extends Error {
  override readonly name = 'UnknownOutcome'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Class 08 (connection), 57P (shut down, starting up), a socket's own codes, and what the driver says without any. */
function meansUnreachable(code: string, { message }: Error): boolean {
  if (/^(08|57P)/.test(code) || /^E[A-Z]{3,}$/.test(code)) return true
  return /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable/i.test(
    message,
  )
}

export function closedError(): StorageError {
  return new StorageError('closed', 'the storage was closed')
}

/** PostgreSQL, appendix A: serialization_failure and deadlock_detected. */
export function gaveWay(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
