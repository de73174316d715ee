/** Another process with the same database: carries out what it is told in lines of JSON, or writes until it is killed. */

import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import {
  aClient,
  aCode,
  rotationOf,
  start,
  storeCode,
  storeGrant,
  tokensOf,
} from '../../src/storage/conformance/records.ts'
import { readOrCreateMasterKey } from '../../src/storage/master-key-node.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** `path` is that of the database; `master-key` reads or makes the key file of that path instead. */
export interface StorageCommand {
  id: number
  path: string
  verb: keyof Storage | 'open' | 'master-key'
  values: readonly unknown[]
}

export interface StorageAnswer {
  id: number
  result?: unknown
  error?: string
}

const [, , mode, databasePath = '', run = ''] = process.argv

if (mode === 'commands') obey()
if (mode === 'write') await writeUntilKilled(sqliteStorage({ path: databasePath }), run)

function obey(): void {
  const storages = new Map<string, Storage>()
  function storageAt(path: string): Storage {
    const storage = storages.get(path) ?? sqliteStorage({ path })
    storages.set(path, storage)
    return storage
  }
  async function carryOut({ path, verb, values }: StorageCommand): Promise<unknown> {
    if (verb === 'master-key') return [...(await readOrCreateMasterKey(path))]
    const storage = storageAt(path)
    if (verb === 'open') return undefined
    const method = storage[verb] as (...values: readonly unknown[]) => Promise<unknown>
    return method(...values)
  }
  createInterface({ input: process.stdin }).on('line', (line) => {
    const command = JSON.parse(line) as StorageCommand
    carryOut(command).then(
      (result) => say({ id: command.id, result }),
      (error: Error) => say({ id: command.id, error: error.message }),
    )
  })
  function say(answer: StorageAnswer): void {
    writeSync(1, `${JSON.stringify(answer)}\n`)
  }
}

/** A line is written only after the promise resolved, straight into the pipe, so that no kill can lose it. */
async function writeUntilKilled(storage: Storage, name: string): Promise<void> {
  const acknowledge = (what: string) => writeSync(1, `${what}\n`)
  for (let round = 0; ; round++) {
    const id = `${name}-${round}`
    await Promise.all([
      storage.registerClient(aClient(`client ${id}`), 10).then(() => acknowledge(`client ${id}`)),
      storeCode(storage, aCode(`untaken ${id}`)).then(() => acknowledge(`code ${id}`)),
      storeGrant(storage, tokensOf(`grant ${id}`)).then(() => acknowledge(`grant ${id}`)),
    ])
    await Promise.all([
      storage
        .rotateRefreshToken(rotationOf(`grant ${id}`, 0, start), start)
        .then(() => acknowledge(`rotated ${id}`)),
      round > 0 &&
        storage
          .revokeGrant(`grant ${name}-${round - 1}`, start, 'test')
          .then(() => acknowledge(`revoked ${name}-${round - 1}`)),
    ])
  }
}
