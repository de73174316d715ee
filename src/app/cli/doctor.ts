/** `postern doctor`: examines any MCP server as Claude meets it, and says what is wrong first and how to mend it. */

import { Command, InvalidArgumentError, Option } from 'commander'
import type { Browser } from '../../client/browser.ts'
import { connectionKey } from '../../client/connection-state.ts'
import { openLoopbackCallback } from '../../client/loopback-callback-node.ts'
import { createSystemNetwork } from '../../client/network-node.ts'
import { createPlainFetch } from '../../client/plain-fetch-node.ts'
import { type MayBePrivate, privateHostsOf } from '../../client/private-hosts.ts'
import { readStateFile, writeStateFile } from '../../client/state-file-node.ts'
import type { Surface } from '../../client/surface.ts'
import * as surfaces from '../../client/surfaces/index.ts'
import { hostedVariant, hostedVariants } from '../../client/variants.ts'
import { type DoctorOptions, defaultLimitSeconds, doctor, type Progress } from '../../doctor/doctor.ts'
import type { Until } from '../../doctor/examination.ts'
import type { DoctorReport } from '../../doctor/report.ts'
import { type FailOn, isFailure, noLongerFound, tolerate } from '../../doctor/tolerance.ts'
import { allowPrivateAddressesHelp, readSeconds, readWords } from './connect.ts'
import { doctorDiffCommand } from './doctor-diff.ts'
import { type FormFlags, readTolerance, writeForms } from './doctor-forms.ts'
import { hasFailing, isAsked, readToldStories, type StoryFlags, writeStories } from './doctor-stories.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { examples } from './management.ts'
import { createBrowser, readTypist } from './sign-in-browser.ts'
import { printable, type Terminal, type Writer } from './terminal.ts'

interface DoctorFlags extends FormFlags, StoryFlags {
  as: string
  variant?: string[]
  until?: Until
  call?: string[]
  token?: string
  clientId?: string
  clientSecret?: string
  scope?: string
  browser?: Browser['name']
  loginScript?: string
  state?: string
  intrusive?: boolean
  asIfPublic?: boolean
  allowPrivateAddresses?: boolean
  timeout?: number
  baseline?: string
  expectedFailures?: string
  failOn: FailOn
  ui?: boolean
  port?: number
}

const surfaceList: readonly Surface[] = Object.values(surfaces)

export function doctorCommand(terminal: Terminal): Command {
  return new Command('doctor')
    .summary('why Claude does not connect to an MCP server, and how to mend it')
    .description(
      'Connects to any MCP server as Claude does, looks at everything on the way, and says what Claude meets first, why, and how to mend it. ' +
        'It only reads and lists; what it registers or signs in it says before, and takes back where the server allows.',
    )
    .argument('[url]', 'the URL that a person would type when adding the connector')
    .addOption(
      new Option('--as <client>', 'which client to be; all: one after the other, for a table')
        .choices([...surfaceList.map(({ name }) => name), 'all'])
        .default('claude-hosted'),
    )
    .addOption(
      new Option(
        '--variant <name...>',
        'with --as claude-hosted: a way in which it was seen to differ; all: itself and each',
      ).choices([...hostedVariants.map(({ name }) => name), 'all']),
    )
    .addOption(
      new Option('--until <stage>', 'go no further than this').choices([
        'discovery',
        'registration',
        'lists',
      ] satisfies Until[]),
    )
    .addOption(
      new Option(
        '--browser <kind>',
        'sign in: by your own browser, a Chromium without a window, or plain forms and redirects',
      ).choices(['system', 'headless', 'fetch']),
    )
    .option(
      '--login-script <file>',
      'what to do on the pages of the sign-in, one step on each line (headless)',
    )
    .option(
      '--token <token>',
      'use this token instead of signing in; better in POSTERN_TOKEN, where no list of processes shows it',
    )
    .option('--client-id <id>', 'a client id that was registered by hand')
    .option('--client-secret <secret>', 'its secret; better in POSTERN_CLIENT_SECRET')
    .option('--scope <scope>', 'ask for this scope, whatever the server suggests')
    .option(
      '--call <name json...>',
      'also call a tool, with a JSON object of arguments or without (again for more)',
    )
    .option(
      '--state <file>',
      'keep the sign-in in this file (mode 0600), and judge what the server still knows of the one that is kept there',
    )
    .option('--intrusive', 'also try what must be refused and renew tokens, on sign-ins of its own')
    .option('--allow-private-addresses', allowPrivateAddressesHelp)
    .option('--as-if-public', 'judge how it is reached from the internet although it is on this machine')
    .option(
      '--timeout <seconds>',
      `give up after so many seconds altogether (${defaultLimitSeconds})`,
      readSeconds,
    )
    .option('--json', 'print one JSON document: findings, every check, every exchange, all secrets masked')
    .option('--html <file>', 'also write one page for a browser, with the wire as a diagram (- prints it)')
    .option('--markdown <file>', 'also write it for an issue or the summary of a CI run')
    .option('--junit <file>', 'also write JUnit XML')
    .option('--sarif <file>', 'also write SARIF 2.1.0')
    .option('--annotations', 'also print each finding as an annotation of GitHub Actions')
    .option('--baseline <file>', 'a report of --json: only what it does not have makes the run fail')
    .option('--expected-failures <file>', 'ids of findings that are known, one on each line, # and a reason')
    .addOption(
      new Option('--fail-on <severity>', 'from which severity on the exit code is 1')
        .choices(['error', 'warning', 'never'] satisfies FailOn[])
        .default('error'),
    )
    .option(
      '--story <url>',
      'also explain the attempts that the Postern there has seen, with its POSTERN_CONSOLE_TOKEN; without [url] only these',
    )
    .option(
      '--log <file>',
      'also explain the attempts in an access log: common, combined, JSON lines of nginx or Caddy (- reads standard input; again for more)',
      (path: string, before: string[] = []) => [...before, path],
    )
    .option('--ui', 'instead of examining: a page on this machine to add, connect and call it as in Claude')
    .option('--port <number>', 'the port of that page; by default any that is free', readPort)
    .addCommand(doctorDiffCommand(terminal))
    .addHelpText('after', helpAfter)
    .action(async (url: string | undefined, flags: DoctorFlags) => {
      process.exitCode = await run(url, flags, terminal)
    })
}

const helpAfter = `
POSTERN_LOGIN=user:password signs in where a page asks for it. For other pages a
login script has one step on each line, $NAME taken from the environment:
  open <url>   fill <selector> <value>   choose <selector> <value>
  tick <selector>   press <selector or words>   wait <selector or words>
Without a browser, a login or a token it stops before the sign-in.

Clients:
${surfaceList.map(({ name, title }) => `  ${name.padEnd(20)} ${title}`).join('\n')}

Variants of claude-hosted:
${hostedVariants.map(({ name, says }) => `  ${name.padEnd(20)} ${says}`).join('\n')}

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage, 3 an expected
failure is gone: take its line out of the file.
${examples([
  ['postern doctor https://mcp.example.com/mcp', 'as far as it goes without signing in'],
  ['postern doctor https://mcp.example.com/mcp --browser headless --intrusive', 'the whole way'],
  [
    'postern doctor https://mcp.example.com/mcp --browser headless --state kept.json',
    'again after a restart, or a day',
  ],
  ['postern doctor --log /var/log/nginx/access.log', 'what real attempts came to, by the log'],
  ['postern doctor --ui https://mcp.example.com/mcp', 'a page to try it by hand, as in Claude'],
  ['postern doctor https://mcp.example.com/mcp --as all', 'every client, stage by stage'],
  ['postern doctor https://mcp.example.com/mcp --html report.html', 'a page to look at or to send'],
  ['postern doctor http://localhost:8787/mcp --json > report.json', 'for a script, or as a baseline'],
])}`

async function run(typed: string | undefined, flags: DoctorFlags, terminal: Terminal): Promise<number> {
  if (flags.ui === true) return showPage(typed, flags, terminal)
  const stories = await readStoriesFor(typed, flags)
  if (stories !== undefined && typed === undefined) {
    writeStories(stories, flags, terminal.out)
    return hasFailing(stories) && flags.failOn !== 'never' ? exitCodes.failed : exitCodes.done
  }
  const target = asUsage(() => readWords(typed, flags.call ?? []))
  const tolerance = readTolerance(flags)
  const reports: DoctorReport[] = []
  const chosen = surfacesFor(flags)
  for (const surface of chosen) {
    if (chosen.length > 1 && terminal.err.isTerminal) terminal.err.line(`As ${surface.title}:`)
    reports.push(tolerate(await examine(target, surface, flags, terminal), tolerance))
  }
  writeForms(reports, flags, terminal.out)
  if (stories !== undefined) {
    terminal.out.line()
    writeStories(stories, flags, terminal.out)
  }
  if (reports.some((report) => isFailure(report, flags.failOn))) return exitCodes.failed
  const gone = noLongerFound(reports, tolerance)
  if (gone.length === 0) return exitCodes.done
  terminal.err.line(`No longer found, so no longer to be expected: ${gone.join(', ')}`)
  return expectedFailureGone
}

/** Read before the server is examined, whose own attempts would be among them afterwards. */
async function readStoriesFor(
  typed: string | undefined,
  flags: DoctorFlags,
): ReturnType<typeof readToldStories> {
  const url = typed === undefined ? undefined : asUsage(() => readWords(typed, [])).url
  if (isAsked(flags) && url !== undefined && flags.json === true)
    throw new CommandFailure('--json is for one of both: the URL, or --story and --log', exitCodes.usage)
  return readToldStories(flags, url)
}

/** Loaded only here: a server is no part of an examination. */
async function showPage(typed: string | undefined, flags: DoctorFlags, terminal: Terminal): Promise<number> {
  const { runSimulator } = await import('./doctor-ui.ts')
  const url = typed === undefined ? undefined : asUsage(() => readWords(typed, [])).url
  const allowsPrivateAddresses = flags.allowPrivateAddresses === true
  await runSimulator({ url, surfaces: surfaceList, allowsPrivateAddresses, port: flags.port ?? 0 }, terminal)
  return exitCodes.done
}

function surfacesFor({ as, variant }: DoctorFlags): readonly Surface[] {
  if (variant === undefined) return surfaceList.filter(({ name }) => as === 'all' || as === name)
  if (as !== surfaces.claudeHosted.name)
    throw new CommandFailure('--variant goes with --as claude-hosted', exitCodes.usage)
  if (!variant.includes('all')) return variant.map(hostedVariant)
  return [surfaces.claudeHosted, ...hostedVariants.map(({ name }) => hostedVariant(name))]
}

/** Beside the codes of every command. */
const expectedFailureGone = 3

async function examine(
  { url, calls }: ReturnType<typeof readWords>,
  surface: Surface,
  flags: DoctorFlags,
  terminal: Terminal,
): Promise<DoctorReport> {
  const mayBePrivate = privateHostsOf(url, flags.allowPrivateAddresses)
  const plain = createPlainFetch(mayBePrivate)
  try {
    return await doctor({
      url,
      surface,
      fetch: plain.fetch,
      network: createSystemNetwork({ mayBePrivate }),
      browser: browserFor(flags, terminal, mayBePrivate),
      openCallback: openLoopbackCallback,
      until: flags.until,
      token: tokenOf(flags),
      clientId: flags.clientId,
      clientSecret: flags.clientSecret ?? (flags.clientId && givenIn('POSTERN_CLIENT_SECRET')),
      scope: flags.scope,
      calls,
      isIntrusive: flags.intrusive === true,
      asIfPublic: flags.asIfPublic === true,
      limitSeconds: flags.timeout ?? defaultLimitSeconds,
      onProgress: (told) => tell(told, terminal.err),
      ...(await openMemory(flags, surface, url)),
    })
  } finally {
    await plain.close()
  }
}

async function openMemory(
  { state: path }: DoctorFlags,
  surface: Surface,
  url: string,
): Promise<Pick<DoctorOptions, 'remembered' | 'onMemory'>> {
  if (path === undefined) return {}
  const state = await readStateFile(path).catch((error: Error) => {
    throw new CommandFailure(error.message, exitCodes.usage, { cause: error })
  })
  const key = connectionKey(surface.name, url)
  return {
    remembered: state.connections[key],
    onMemory: (memory) => {
      state.connections[key] = memory
      return writeStateFile(path, state)
    },
  }
}

/** What a person typed wrongly is told in a sentence. */
function asUsage<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CommandFailure(error.message, exitCodes.usage, { cause: error })
  }
}

function tokenOf({ token }: DoctorFlags): string | undefined {
  return token ?? givenIn('POSTERN_TOKEN')
}

/** A variable that is there and empty is one that nobody set: a secret that a CI run was not given. */
function givenIn(variable: string): string | undefined {
  return process.env[variable] || undefined
}

function browserFor(flags: DoctorFlags, terminal: Terminal, mayBePrivate: MayBePrivate): Browser | undefined {
  if (tokenOf(flags) !== undefined) return undefined
  const typist = asUsage(() => readTypist(flags.loginScript, process.env))
  const usual = typist.login === undefined ? undefined : 'fetch'
  const name = typist.script === undefined ? (flags.browser ?? usual) : 'headless'
  const tell = (line: string): void => terminal.err.line(line)
  return name === undefined ? undefined : createBrowser(name, { ...typist, mayBePrivate, tell })
}

function readPort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('a port number, at most 65535')
  return port
}

function tell(told: Progress, writer: Writer): void {
  if (!writer.isTerminal) return
  if (told.kind === 'step')
    writer.line(writer.style('dim', `… ${printable(`${told.step.title}: ${told.step.says}`)}`))
  else if (told.kind === 'probe') writer.line(writer.style('dim', `… ${told.title}`))
  else writer.line(writer.style('dim', `… it ${told.says}`))
}
