/** `postern users`: the people who may sign in. A password comes from a question or from standard input, never from the command line (house rule 14). */

import { password as askPassword, isCancel } from '@clack/prompts'
import { Command } from 'commander'
import { accountProblems, canonicalUsername, passwordProblems } from '../../identity/account-rules.ts'
import { createLocalUser, localAccounts } from '../../identity/providers/local-accounts.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Storage, UserRecord } from '../../storage/storage.ts'
import { text } from '../../ui/text.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { dataFlags, describeInstant, examples, group, maximumRows } from './management.ts'
import { forgetPasskeysCommand, passkeysCommand } from './passkeys.ts'
import { type RecordFlags, withRecords } from './records.ts'
import { readStandardInput } from './standard-input.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

export function usersCommand(terminal: Terminal): Command {
  const users = group(
    'users',
    'People: who may sign in and allow a client',
    'People sign in here to allow a client. The first account can also be made in the browser, by the setup link that ' +
      '`postern serve` prints.',
  )
  users.addCommand(createCommand(terminal))
  users.addCommand(listCommand(terminal))
  users.addCommand(removeCommand(terminal))
  users.addCommand(setPasswordCommand(terminal))
  users.addCommand(passkeysCommand(findUser, terminal))
  users.addCommand(forgetPasskeysCommand(findUser, terminal))
  return users
}

interface PasswordFlags extends RecordFlags {
  passwordStdin?: boolean
}

interface CreateFlags extends PasswordFlags {
  admin?: boolean
  displayName?: string
}

function createCommand(terminal: Terminal): Command {
  return dataFlags(new Command('create'))
    .summary('make an account')
    .description('Makes an account. Asks for the password, or reads it from standard input.')
    .argument('<name>', 'the user name')
    .option('--display-name <name>', 'what others read (default: the user name)')
    .option('--admin', 'may manage this Postern; the first account always may')
    .option('--password-stdin', 'read the password from standard input instead of asking')
    .addHelpText(
      'after',
      examples([
        ['postern users create ada', 'asks for the password'],
        [
          'postern users create ada --password-stdin < password.txt',
          'for a script; a line break at the end is left out',
        ],
        [
          'postern users create grace --admin --data /var/lib/postern',
          'on the records of a server elsewhere',
        ],
      ]),
    )
    .action((name: string, flags: CreateFlags) =>
      withRecords(flags, (storage) => createUser(name, flags, storage, terminal), true),
    )
}

async function createUser(
  name: string,
  flags: CreateFlags,
  storage: Storage,
  terminal: Terminal,
): Promise<void> {
  const displayName = flags.displayName ?? ''
  const problems = accountProblems({ username: name, displayName })
  if (problems.length > 0) throw refusal(problems)
  // Before anybody has typed a password twice.
  if ((await storage.findUserByName(canonicalUsername(name))) !== undefined) throw refusal(['username-taken'])
  const password = await readPassword(name, flags, terminal)
  const isFirst = !(await storage.hasUsers())
  const role = isFirst || flags.admin === true ? 'admin' : 'member'
  const made = await createLocalUser({ storage }, { username: name, displayName, password, role })
  if (made.outcome === 'busy')
    throw new CommandFailure('this machine is too busy to hash a password; try again')
  if (made.outcome === 'refused') throw refusal(made.problems)
  if (flags.json === true) terminal.out.line(JSON.stringify(userFacts(made.user), undefined, 2))
  else {
    const asWhat = role === 'admin' ? ' as an administrator' : ''
    const why = isFirst && flags.admin !== true ? ', because it is the first account' : ''
    terminal.out.line(`Made the account ${made.user.username}${asWhat}${why}.`)
  }
}

function listCommand(terminal: Terminal): Command {
  return dataFlags(new Command('list'))
    .summary('the accounts, newest first')
    .description('Lists the accounts, newest first.')
    .addHelpText(
      'after',
      examples([
        ['postern users list', 'as a table'],
        ["postern users list --json | jq -r '.[].username'", 'for a script'],
      ]),
    )
    .action((flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        const users = await storage.listUsers(maximumRows)
        const now = systemClock()
        if (flags.json === true) terminal.out.line(JSON.stringify(users.map(userFacts), undefined, 2))
        else if (users.length === 0) terminal.out.line('There is no account yet.')
        else {
          const rows = users.map((user) => [
            printable(user.username),
            printable(user.displayName),
            user.role === 'admin' ? 'administrator' : 'member',
            describeInstant(user.createdAt, now),
          ])
          terminal.out.line(formatTable(terminal.out, ['NAME', 'DISPLAY NAME', 'ROLE', 'MADE'], rows))
        }
      }),
    )
}

function userFacts(user: UserRecord): Record<string, unknown> {
  const { userId, username, displayName, role, createdAt } = user
  return { userId, username, displayName, role, createdAt }
}

function removeCommand(terminal: Terminal): Command {
  return dataFlags(new Command('remove'))
    .summary('remove an account and end its connections')
    .description('Removes an account, signs it out everywhere and ends its connections, at once.')
    .argument('<name>', 'the user name')
    .addHelpText(
      'after',
      examples([
        ['postern users remove ada', 'also while the server runs'],
        ['postern users remove ada --json', 'for a script'],
      ]),
    )
    .action((name: string, flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        const user = await findUser(storage, name)
        await storage.removeUser(user.userId, systemClock())
        if (flags.json === true) terminal.out.line(JSON.stringify({ ...userFacts(user), removed: true }))
        else terminal.out.line(`Removed the account ${user.username}. Its connections have ended.`)
      }),
    )
}

function setPasswordCommand(terminal: Terminal): Command {
  return dataFlags(new Command('set-password'))
    .summary('give an account another password')
    .description(
      'Gives an account another password, and signs it out in every browser. Connections that were allowed go on.',
    )
    .argument('<name>', 'the user name')
    .option('--password-stdin', 'read the password from standard input instead of asking')
    .addHelpText(
      'after',
      examples([
        ['postern users set-password ada', 'asks for the new one'],
        ['postern users set-password ada --password-stdin < password.txt', 'for a script'],
      ]),
    )
    .action((name: string, flags: PasswordFlags) =>
      withRecords(flags, async (storage) => {
        const user = await findUser(storage, name)
        const password = await readPassword(user.username, flags, terminal)
        const change = await localAccounts({ storage }).setPassword(user.username, password)
        if (change.outcome === 'refused') throw refusal(change.problems)
        if (change.outcome !== 'changed') throw new CommandFailure('the password was not changed; try again')
        if (flags.json === true) terminal.out.line(JSON.stringify(userFacts(user), undefined, 2))
        else terminal.out.line(`${user.username} has another password now.`)
      }),
    )
}

async function findUser(storage: Storage, name: string): Promise<UserRecord> {
  const user = await storage.findUserByName(canonicalUsername(name))
  if (user !== undefined) return user
  throw new CommandFailure(`there is no account ${name}; \`postern users list\` shows those there are`)
}

async function readPassword(username: string, flags: PasswordFlags, terminal: Terminal): Promise<string> {
  if (flags.passwordStdin === true) return readStandardInput()
  if (!terminal.canAsk) {
    throw new CommandFailure(
      'there is no terminal to ask for the password at; add --password-stdin and give it on standard input',
      exitCodes.usage,
    )
  }
  const password = await ask(`Password for ${username}`, (given) => {
    const [problem] = passwordProblems(given, username)
    return problem === undefined ? undefined : text.accountProblem[problem]
  })
  await ask('Once more', (given) => (given === password ? undefined : 'This is not the same.'))
  return password
}

async function ask(message: string, problemOf: (given: string) => string | undefined): Promise<string> {
  const answer = await askPassword({
    message,
    output: process.stderr,
    validate: (given) => problemOf(given ?? ''),
  })
  if (isCancel(answer)) throw new CommandFailure('nothing was changed')
  return answer
}

type AccountProblem = keyof typeof text.accountProblem

function refusal(problems: readonly AccountProblem[]): CommandFailure {
  return new CommandFailure(problems.map((problem) => text.accountProblem[problem]).join(' '))
}
