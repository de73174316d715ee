/** `postern users passkeys` and `forget-passkeys`: what people can sign in with besides a password, and an end to it when a device is lost. */

import { Command } from 'commander'
import { systemClock } from '../../platform/clock.ts'
import type { PasskeyRecord, Storage, UserRecord } from '../../storage/storage.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { dataFlags, describeInstant, examples } from './management.ts'
import { type RecordFlags, withRecords } from './records.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

export type FindUser = (storage: Storage, name: string) => Promise<UserRecord>

export function passkeysCommand(findUser: FindUser, terminal: Terminal): Command {
  return dataFlags(new Command('passkeys'))
    .summary('the passkeys of an account')
    .description('Lists the passkeys of an account, newest first, and how many recovery codes are left.')
    .argument('<name>', 'the user name')
    .addHelpText(
      'after',
      examples([
        ['postern users passkeys ada', 'as a table'],
        ["postern users passkeys ada --json | jq -r '.passkeys[].passkeyId'", 'for a script'],
      ]),
    )
    .action((name: string, flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        const { userId, username } = await findUser(storage, name)
        const passkeys = await storage.listPasskeys(userId)
        const recoveryCodesLeft = await storage.countRecoveryCodes(userId)
        if (flags.json === true) {
          const facts = { userId, passkeys: passkeys.map(passkeyFacts), recoveryCodesLeft }
          terminal.out.line(JSON.stringify(facts, undefined, 2))
          return
        }
        terminal.out.line(
          passkeys.length === 0 ? `${username} has no passkey.` : passkeyTable(passkeys, terminal),
        )
        terminal.out.line(`Recovery codes left: ${recoveryCodesLeft}.`)
      }),
    )
}

function passkeyTable(passkeys: readonly PasskeyRecord[], { out }: Terminal): string {
  const now = systemClock()
  const rows = passkeys.map(({ passkeyId, label, createdAt, lastUsedAt }) => [
    printable(passkeyId),
    printable(label),
    describeInstant(createdAt, now),
    lastUsedAt === undefined ? 'never' : describeInstant(lastUsedAt, now),
  ])
  return formatTable(out, ['ID', 'NAME', 'ADDED', 'LAST USED'], rows)
}

function passkeyFacts({ passkeyId, label, createdAt, lastUsedAt }: PasskeyRecord): Record<string, unknown> {
  return { passkeyId, label, createdAt, lastUsedAt }
}

interface ForgetFlags extends RecordFlags {
  all?: boolean
}

export function forgetPasskeysCommand(findUser: FindUser, terminal: Terminal): Command {
  return dataFlags(new Command('forget-passkeys'))
    .summary('take away a passkey of an account, or all of them')
    .description(
      'Takes away a passkey of an account, at once, also on a server that runs; with --all every one of them and the ' +
        'recovery codes. With a passkey the account is signed out in every browser. The password stays.',
    )
    .argument('<name>', 'the user name')
    .argument('[passkey]', 'its id, as `postern users passkeys` lists it')
    .option('--all', 'all passkeys and recovery codes: when nobody knows who has them')
    .addHelpText(
      'after',
      examples([
        ['postern users forget-passkeys ada lXzT3nq8', 'the device is lost, the others stay'],
        ['postern users forget-passkeys ada --all', 'and then `postern users set-password ada`'],
      ]),
    )
    .action((name: string, passkeyId: string | undefined, flags: ForgetFlags) =>
      withRecords(flags, async (storage) => {
        const isAll = flags.all === true
        if ((passkeyId === undefined) !== isAll)
          throw new CommandFailure('say which passkey, or --all for all of them', exitCodes.usage)
        const user = await findUser(storage, name)
        const removed =
          passkeyId === undefined ? await forgetAll(storage, user) : await forget(storage, user, passkeyId)
        if (flags.json === true) terminal.out.line(JSON.stringify({ userId: user.userId, removed }))
        else terminal.out.line(sentenceFor(user, removed, isAll))
      }),
    )
}

async function forget(
  storage: Storage,
  { userId, username }: UserRecord,
  passkeyId: string,
): Promise<number> {
  if (await storage.removePasskey(userId, passkeyId)) return 1
  throw new CommandFailure(
    `${username} has no passkey ${printable(passkeyId)}; \`postern users passkeys ${username}\` lists them`,
  )
}

async function forgetAll(storage: Storage, { userId }: UserRecord): Promise<number> {
  let removed = 0
  for (const { passkeyId } of await storage.listPasskeys(userId))
    if (await storage.removePasskey(userId, passkeyId)) removed++
  await storage.saveRecoveryCodes(userId, [])
  return removed
}

function sentenceFor({ username }: UserRecord, removed: number, isAll: boolean): string {
  const what = removed === 1 ? '1 passkey' : `${removed} passkeys`
  return `Took ${what}${isAll ? ' and every recovery code' : ''} of ${username} away.`
}
