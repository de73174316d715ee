/** `postern keys`: replace the master key while everything goes on (house rule 5). */

import { Command } from 'commander'
import { nameAfter, newKey, signingKeyFamily } from '../../authorization-server/signing-keys.ts'
import { systemClock } from '../../platform/clock.ts'
import { decodeBase64Url } from '../../platform/crypto.ts'
import { masterKeyBytes, rotateMasterKey } from '../../storage/key-ring.ts'
import { createKeyShelf } from '../../storage/key-shelf.ts'
import { readOrCreateMasterKey } from '../../storage/master-key-node.ts'
import type { Storage } from '../../storage/storage.ts'
import type { DataOptions } from '../options.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { dataFlags, examples, group } from './management.ts'
import { dataDirectory, type RecordFlags, readMasterKeys, replaceMasterKey, withRecords } from './records.ts'
import { readStandardInput } from './standard-input.ts'
import type { Terminal } from './terminal.ts'

export function keysCommand(terminal: Terminal): Command {
  const keys = group(
    'keys',
    'Keys: replace the master key, or the one that signs',
    'The master key opens the keys in the database. It is in master.key in the data directory, or in POSTERN_MASTER_KEY.',
  )
  keys.addCommand(rotateCommand(terminal))
  keys.addCommand(rotateSigningCommand(terminal))
  return keys
}

interface RotateFlags extends RecordFlags {
  newKeyStdin?: boolean
}

function rotateCommand(terminal: Terminal): Command {
  return dataFlags(new Command('rotate'))
    .summary('replace the master key; nobody is signed out')
    .description(
      'Replaces the master key, and wraps every key in the database by the new one. A server that runs goes on; ' +
        'connections stay. The old key is kept under another name, because older backups open only with it.',
    )
    .option(
      '--new-key-stdin',
      'read the new key (32 bytes, base64) from standard input; for POSTERN_MASTER_KEY',
    )
    .addHelpText(
      'after',
      examples([
        ['postern keys rotate', 'a new key in master.key'],
        [
          'openssl rand -base64 32 | tee new.key | postern keys rotate --new-key-stdin',
          'where POSTERN_MASTER_KEY holds the old key: store the new one, then rotate',
        ],
      ]),
    )
    .action((flags: RotateFlags) =>
      withRecords(flags, (storage, options) => rotate(storage, options, flags, terminal)),
    )
}

interface RotateSigningFlags extends RecordFlags {
  atOnce?: boolean
}

function rotateSigningCommand(terminal: Terminal): Command {
  return dataFlags(new Command('rotate-signing'))
    .summary('a new key that signs access tokens, for --access-tokens jwt')
    .description(
      'Makes a new key to sign access tokens with. It is published now and signs from tomorrow on, when everybody who ' +
        'keeps the key set has seen it; the old one stays published until what it signed has expired. It happens by ' +
        'itself every 90 days.',
    )
    .option('--at-once', 'the old keys are gone now, and what they signed with them: for a key that leaked')
    .addHelpText(
      'after',
      examples([
        ['postern keys rotate-signing', 'nobody notices'],
        ['postern keys rotate-signing --at-once', 'clients renew their tokens within a minute'],
      ]),
    )
    .action((flags: RotateSigningFlags) =>
      withRecords(flags, (storage, options) => rotateSigning(storage, options, flags, terminal)),
    )
}

async function rotateSigning(
  storage: Storage,
  options: DataOptions,
  flags: RotateSigningFlags,
  { out }: Terminal,
): Promise<void> {
  const masterKey = await readMasterKeys(storage, options)
  const shelf = await createKeyShelf({ storage, masterKey, family: signingKeyFamily })
  const before = await shelf.list()
  if (before.length === 0)
    throw new CommandFailure('no access tokens are signed here; start the server with --access-tokens jwt')
  const added = await shelf.addIfAbsent(nameAfter(before.at(-1)), newKey, systemClock())
  if (added === undefined) throw new CommandFailure('the master key is being replaced; try again')
  const removed = flags.atOnce === true ? before : []
  for (const { name } of removed) await shelf.remove(name)
  if (flags.json === true) out.line(JSON.stringify({ added: added.name, removed: removed.length }))
  else if (removed.length > 0)
    out.paragraph('The old keys are gone. A server that runs signs with the new one within a minute.')
  else out.paragraph('The new key is published within a minute, and signs from tomorrow on.')
}

async function rotate(
  storage: Storage,
  options: DataOptions,
  flags: RotateFlags,
  { out }: Terminal,
): Promise<void> {
  const from = await readMasterKeys(storage, options)
  const directory = dataDirectory(options.data)
  if (options.masterKeys !== undefined) {
    if (flags.newKeyStdin !== true) {
      throw new CommandFailure(
        'the master key is in POSTERN_MASTER_KEY, so you keep the new one too: make it, store it, and give it with --new-key-stdin',
        exitCodes.usage,
      )
    }
    const count = await rotateMasterKey({ storage, from, to: readKeyText(await readStandardInput()) })
    report(count, 'Put the new key into POSTERN_MASTER_KEY before the next start.')
    return
  }
  if (flags.newKeyStdin === true) {
    throw new CommandFailure(
      `the master key is in ${directory.masterKey}, where a new one is made by itself; leave out --new-key-stdin`,
      exitCodes.usage,
    )
  }
  const to = await readOrCreateMasterKey(directory.nextMasterKey)
  const count = await rotateMasterKey({ storage, from, to })
  const kept = replaceMasterKey(directory)
  report(count, `The old key is in ${kept}; delete it once no backup needs it. Back up the new one.`)

  function report(keys: number, then: string): void {
    if (flags.json === true) out.line(JSON.stringify({ rotated: keys }))
    else out.paragraph(`The master key is replaced; ${keys} keys were wrapped anew. ${then}`)
  }
}

function readKeyText(text: string): Uint8Array {
  const trimmed = text.trim().replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  const key = decodeBase64Url(trimmed)
  if (key?.length === masterKeyBytes) return key
  throw new CommandFailure(`the new key is not ${masterKeyBytes} bytes in base64`, exitCodes.usage)
}
