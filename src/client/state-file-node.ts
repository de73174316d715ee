/** The file in which a connection is remembered: readable by its owner alone, replaced whole. */

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { randomId } from '../platform/crypto.ts'
import {
  type ConnectionState,
  createConnectionState,
  formatConnectionState,
  readConnectionState,
} from './connection-state.ts'

/** An empty state where there is no file. Throws `TypeError` for one that is something else. */
export async function readStateFile(path: string): Promise<ConnectionState> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return createConnectionState()
    throw new TypeError(`${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  try {
    return readConnectionState(text)
  } catch (cause) {
    throw new TypeError(`${path} is not a state file: ${(cause as Error).message}`, { cause })
  }
}

/** Written beside, then renamed over: a crash leaves the old tokens or the new, never half of either. */
export async function writeStateFile(path: string, state: ConnectionState): Promise<void> {
  const beside = `${path}.${randomId()}`
  await mkdir(dirname(path), { recursive: true })
  try {
    await writeFile(beside, formatConnectionState(state), { mode: 0o600, flag: 'wx' })
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}
