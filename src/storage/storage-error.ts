/** What can be wrong with a storage itself, as a kind for the program and a sentence for the operator. */

export type StorageErrorKind =
  | 'no-driver'
  | 'not-writable'
  | 'moved'
  | 'unfinished-copy'
  | 'damaged-copy'
  | 'not-a-database'
  | 'newer-schema'
  | 'locked'
  | 'unreachable'
  | 'overloaded'
  | 'closed'
  | 'wrong-master-key'
  | 'damaged-key'
  | 'unsafe-key-file'

export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly kind: StorageErrorKind

  constructor(kind: StorageErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
