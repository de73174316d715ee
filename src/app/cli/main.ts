/** The program: which command was meant, and how each one ends. */

import { createRequire } from 'node:module'
import { Command, type Help } from 'commander'
import { exitCodes, reportFailure } from './failure.ts'
import { createTerminal, type Terminal } from './terminal.ts'

/** Sets the exit code and lets the process end by itself, so that nothing written is lost. */
export async function main(typed: readonly string[]): Promise<void> {
  // `postern help serve`, as other programs have it.
  const words = typed[0] === 'help' ? [...typed.slice(1), '--help'] : typed
  const terminal = createTerminal()
  endQuietlyWithReader()
  const first = words.find((word) => !word.startsWith('-'))
  const only = commandNames.find((name) => name === first)
  // What follows the dashes of serve is somebody else's command line; its --help is not ours.
  const dashes = only === 'serve' ? words.indexOf('--') : -1
  const own = dashes < 0 ? withIdsApart(words) : words.slice(0, dashes)
  // Only then is a stack shown, and reading the maps costs a twentieth of a start.
  if (isDebugging(own)) process.setSourceMapsEnabled(true)
  const program = await createProgram(terminal, dashes < 0 ? [] : words.slice(dashes + 1), only)
  try {
    await program.parseAsync([...own], { from: 'user' })
  } catch (error) {
    process.exitCode = reportFailure(error, terminal.err, isDebugging(own))
  }
}

/** Read by hand, because what failed may be the reading of options. */
function isDebugging(words: readonly string[]): boolean {
  const flag = / --log-level[= ](\w+)/.exec(` ${words.join(' ')}`)?.[1]
  return (flag ?? process.env.POSTERN_LOG_LEVEL) === 'debug'
}

/** An id is random, and one in 64 begins with a dash; it is no flag for that. */
function withIdsApart(words: readonly string[]): readonly string[] {
  if (!/^(?:grants revoke|clients remove|connections show)$/.test(words.slice(0, 2).join(' '))) return words
  const isId = (word: string): boolean => /^-[\w.-]{12,}$/.test(word)
  const ids = words.filter(isId)
  return ids.length === 0 ? words : [...words.filter((word) => !isId(word)), '--', ...ids]
}

/** With every command, or, so that a short command starts in a moment, with only the one that was named. */
export async function createProgram(
  terminal: Terminal,
  command: readonly string[],
  only?: CommandName,
): Promise<Command> {
  const version = readVersion()
  const program = new Command('postern')
    .description(introduction)
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', closing)
  const loaders: Record<CommandName, () => Promise<Command>> = {
    serve: async () => (await import('./serve.ts')).serveCommand(terminal, command, version),
    connect: async () => (await import('./connect.ts')).connectCommand(),
    doctor: async () => (await import('./doctor.ts')).doctorCommand(terminal),
    clients: async () => (await import('./clients.ts')).clientsCommand(terminal),
    users: async () => (await import('./users.ts')).usersCommand(terminal),
    connections: async () => (await import('./connections.ts')).connectionsCommand(terminal),
    grants: async () => (await import('./grants.ts')).grantsCommand(terminal),
    credentials: async () => (await import('./credentials.ts')).credentialsCommand(terminal),
    audit: async () => (await import('./audit.ts')).auditCommand(terminal),
    keys: async () => (await import('./keys.ts')).keysCommand(terminal),
    storage: async () => (await import('./storage.ts')).storageCommand(terminal),
  }
  for (const name of only === undefined ? commandNames : [only]) program.addCommand(await loaders[name]())
  settle(program, terminal)
  return program
}

const commandNames = [
  'serve',
  'connect',
  'doctor',
  'connections',
  'clients',
  'users',
  'grants',
  'credentials',
  'audit',
  'keys',
  'storage',
] as const
type CommandName = (typeof commandNames)[number]

const introduction = `Postern is the door through which Claude reaches an MCP server: it adds sign-in,
consent and a public address to a server that has none of them.

Start here:
  postern serve -- npx -y @modelcontextprotocol/server-everything
      puts the door before an MCP server, and says how to add it to Claude
  postern connect http://localhost:8787/mcp
      connects to it as Claude does, step by step, without Claude
  postern doctor https://mcp.example.com/mcp
      says why Claude does not connect to an MCP server, and how to mend it`

const closing = `
\`postern <command> --help\` explains a command, with examples.
Exit codes: 0 it worked, 1 it did not, 2 the command line or an option is wrong.`

function readVersion(): string {
  const manifest = createRequire(import.meta.url)('postern/package.json') as { version: unknown }
  return String(manifest.version)
}

/** Every command alike: thrown instead of exiting, one style of help, the mistake first. */
function settle(command: Command, terminal: Terminal): void {
  command
    .exitOverride()
    .helpOption('-h, --help', 'explain this command')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .showHelpAfterError(`See \`${pathOf(command)} --help\`.`)
    .configureOutput({
      writeOut: terminal.out.write,
      writeErr: terminal.err.write,
      getOutHelpWidth: () => terminal.out.columns,
      getErrHelpWidth: () => terminal.err.columns,
      outputError: (message, write) => write(message.replace(/^error:/, terminal.err.style('red', 'Error:'))),
    })
    .configureHelp({
      sortSubcommands: false,
      styleTitle: (title) => terminal.out.style('bold', title),
      optionTerm: (option) => shownFlags(option.flags),
      subcommandTerm: (child) => child.name(),
    } satisfies Partial<Help>)
  for (const child of command.commands) settle(child, terminal)
}

/** serve takes the value of a flag as optional, so that a missing one is told with the other problems. */
function shownFlags(flags: string): string {
  return flags.replace('[', '<').replace(']', '>')
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

/** `postern clients list | head` closes the pipe before we are done. */
function endQuietlyWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done)
    throw error
  })
}
