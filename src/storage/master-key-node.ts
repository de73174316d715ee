/** The master key's file: made at first start beside the database, readable by its owner alone (house rule 5). */

import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { decodeBase64Url, encodeBase64Url, systemRandom } from '../platform/crypto.ts'
import { masterKeyBytes } from './key-ring.ts'
import { StorageError } from './storage-error.ts'

/** Of any number of processes that start at once, one makes the key, and all get it. */
export async function readOrCreateMasterKey(path: string): Promise<Uint8Array> {
  return createMasterKey(path) ?? (await readMasterKeyFile(path))
}

/** Between making the file and filling it lie microseconds; an empty file after this long was left by a crash. */
const emptyFileTimeoutMs = 1_000
const emptyFileRetryMs = 20

/** The key on disk before it is first used: one that is lost takes everybody's sign-in with it. */
function createMasterKey(path: string): Uint8Array | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unusable(path, 'cannot be made', error)
  }
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    throw unusable(path, 'cannot be made', error)
  }
  try {
    const key = systemRandom(masterKeyBytes)
    writeSync(file, `${encodeBase64Url(key)}\n`)
    fsyncSync(file)
    syncDirectory(dirname(path))
    return key
  } catch (error) {
    throw unusable(path, 'cannot be written', error)
  } finally {
    closeSync(file)
  }
}

async function readMasterKeyFile(path: string): Promise<Uint8Array> {
  const deadline = performance.now() + emptyFileTimeoutMs
  for (;;) {
    const text = readPrivateFile(path).trim()
    if (text !== '') return readMasterKeyText(text, path)
    if (performance.now() > deadline) {
      throw new StorageError(
        'unsafe-key-file',
        `the key file ${path} is empty, so no database was made with it; delete it and start again`,
      )
    }
    await wait(emptyFileRetryMs)
  }
}

function readPrivateFile(path: string): string {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw unusable(path, 'cannot be read', error)
  }
  try {
    // Of the open file, not of its path, which could be another by then.
    const { mode } = fstatSync(file)
    const othersMayRead = (mode & 0o077) !== 0 && process.platform !== 'win32'
    if (othersMayRead) {
      const found = (mode & 0o777).toString(8)
      throw new StorageError(
        'unsafe-key-file',
        `the key file ${path} can be read by other users (mode ${found}); run: chmod 600 ${JSON.stringify(path)}`,
      )
    }
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** What is wrong with it is said, what is in it is not. */
function readMasterKeyText(text: string, path: string): Uint8Array {
  const key = decodeBase64Url(text)
  if (key?.length === masterKeyBytes) return key
  throw new StorageError(
    'unsafe-key-file',
    `the key file ${path} does not hold a master key: expected ${masterKeyBytes} bytes as base64url text`,
  )
}

/** Where directories cannot be opened (Windows), the file's own sync has to do. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function unusable(path: string, says: string, error: unknown): StorageError {
  const why = error instanceof Error ? error.message : String(error)
  return new StorageError('unsafe-key-file', `the key file ${path} ${says}: ${why}`, { cause: error })
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
