/** What `postern storage status` tells of a database. */

export interface StorageFacts {
  engine: string
  where: string
  version: number
  /** That this Postern knows. */
  newestVersion: number
  bytes: number
  rows: Record<string, number>
  movedTo?: string
}
