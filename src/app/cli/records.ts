/** The records of one Postern and its master key: in its data directory or in PostgreSQL, opened by servers and by the commands that manage it at the same time. */

import { accessSync, constants, existsSync, linkSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { auditedStorage } from '../../ledger/audited-storage.ts'
import { systemClock } from '../../platform/clock.ts'
import { postgresStorage } from '../../storage/adapters/postgres.ts'
import { sqliteStorage } from '../../storage/adapters/sqlite.ts'
import { takeMove } from '../../storage/copy/move-node.ts'
import { followingStorage } from '../../storage/following-storage.ts'
import { type MasterKeys, masterKeyId } from '../../storage/key-ring.ts'
import { readOrCreateMasterKey } from '../../storage/master-key-node.ts'
import { withoutPassword } from '../../storage/postgres/url.ts'
import type { Storage } from '../../storage/storage.ts'
import { StorageError } from '../../storage/storage-error.ts'
import { type DataOptions, type OptionSources, readDataOptions } from '../options.ts'
import { findConfigFile } from './config-file.ts'
import { CommandFailure } from './failure.ts'

export interface DataDirectory {
  readonly path: string
  readonly database: string
  readonly masterKey: string
  /** The key that a rotation is moving to; left behind only if it was cut off. */
  readonly nextMasterKey: string
}

export function dataDirectory(path: string): DataDirectory {
  const masterKey = join(path, 'master.key')
  return { path, database: join(path, 'postern.db'), masterKey, nextMasterKey: `${masterKey}.next` }
}

/** Readable by its owner only, for it holds the master key. */
export function prepareDataDirectory(directory: DataDirectory): void {
  try {
    mkdirSync(directory.path, { recursive: true, mode: 0o700 })
    accessSync(directory.path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new CommandFailure(
      `the data directory ${directory.path} ${directoryFault(cause)}; choose another with --data, or give this user the right to write there`,
      undefined,
      { cause },
    )
  }
}

/** For sentences about it. */
export function databaseName({ data, database }: DataOptions): string {
  return database === undefined ? dataDirectory(data).database : withoutPassword(database)
}

export async function openStorage({ data, database }: DataOptions): Promise<Storage> {
  if (database !== undefined) return postgresStorage({ url: database })
  const directory = dataDirectory(data)
  prepareDataDirectory(directory)
  return sqliteStorage({ path: directory.database })
}

/** For a server, which goes on in PostgreSQL when `postern storage copy` moves its records there. */
export async function openServedStorage(
  options: DataOptions,
  onMoved: (target: string) => void,
): Promise<Storage> {
  const storage = await openStorage(options)
  if (options.database !== undefined) return storage
  const path = dataDirectory(options.data).database
  // Kept, because its password is taken away from there once it was read.
  let url: string | undefined
  const served = followingStorage(storage, async () => {
    url ??= takeMove(path, systemClock())
    if (url === undefined) throw new StorageError('not-a-database', `tables are missing in ${path}`)
    const next = await postgresStorage({ url })
    clearInterval(looking)
    onMoved(withoutPassword(url))
    return next
  })
  // Whoever moves the records waits a moment for the server to follow; one without visitors asks them nothing else.
  const looking = setInterval(() => void served.hasUsers().catch(() => undefined), lookMs)
  looking.unref()
  return {
    ...served,
    close() {
      clearInterval(looking)
      return served.close()
    },
  }
}

/** Well within the time that `postern storage copy` waits. */
const lookMs = 1_000

/** The flags that every command on records has. */
export interface RecordFlags {
  data?: string | true
  database?: string | true
  config?: string | true
  json?: boolean
}

/** Opens the records of a Postern that has run, or, if `create`, of one that is about to. */
export async function withRecords<T>(
  flags: RecordFlags,
  use: (storage: Storage, options: DataOptions) => Promise<T>,
  create = false,
): Promise<T> {
  const options = readDataOptions(await recordSources(flags))
  const directory = dataDirectory(options.data)
  if (!create && options.database === undefined && !existsSync(directory.database)) {
    throw new CommandFailure(
      `there is no Postern in ${directory.path} yet: start one with \`postern serve\`, or say with --data where it keeps its data`,
    )
  }
  const storage = await openStorage(options)
  try {
    return await use(auditedStorage(storage, { actor: 'operator' }, systemClock), options)
  } finally {
    await storage.close()
  }
}

export async function recordSources(flags: RecordFlags): Promise<OptionSources> {
  const named = flags.config ?? process.env.POSTERN_CONFIG
  const file = await findConfigFile(named === true ? undefined : named)
  return { flags: { ...flags }, strays: [], command: [], environment: process.env, file }
}

/** The key that opens this database: the one that was given, the one of a rotation that was cut off, or the file's. */
export async function readMasterKeys(storage: Storage, options: DataOptions): Promise<MasterKeys> {
  if (options.masterKeys !== undefined) return options.masterKeys
  const directory = dataDirectory(options.data)
  prepareDataDirectory(directory)
  const [stored] = await storage.listKeys()
  if (existsSync(directory.nextMasterKey)) {
    const next = await readOrCreateMasterKey(directory.nextMasterKey)
    if (stored?.masterKeyId === masterKeyId(next)) {
      replaceMasterKey(directory)
      return next
    }
  }
  // A new key could open nothing of what is stored; making one would only hide that the right one is gone.
  if (stored !== undefined && !existsSync(directory.masterKey)) {
    throw new CommandFailure(
      `${directory.masterKey} is missing, and the keys in ${databaseName(options)} were wrapped by it; restore it from your backup, or give the key in POSTERN_MASTER_KEY`,
    )
  }
  return readOrCreateMasterKey(directory.masterKey)
}

/** The old key stays beside the new one under its own name: it opens backups of the database that were made before. */
export function replaceMasterKey(directory: DataDirectory): string | undefined {
  let kept: string | undefined
  if (existsSync(directory.masterKey)) {
    kept = `${directory.masterKey}.until-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
    linkSync(directory.masterKey, kept)
  }
  renameSync(directory.nextMasterKey, directory.masterKey)
  return kept
}

function directoryFault(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'EACCES' || code === 'EPERM') return 'cannot be written to'
  if (code === 'EROFS') return 'is on a read-only file system'
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'is not a directory'
  if (code === 'ENOSPC') return 'is on a full disk'
  return `cannot be used (${code ?? String(cause)})`
}
