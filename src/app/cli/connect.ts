/** `postern connect`: connects to any MCP server as one of Claude's clients does, and prints every step with its verdict. */

import { select } from '@clack/prompts'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Browser } from '../../client/browser.ts'
import { ConnectFailure, type FailureReason } from '../../client/connect-failure.ts'
import { type ConnectionState, connectionKey } from '../../client/connection-state.ts'
import { type Connection, type ConnectOptions, connect, type ToolCall } from '../../client/connector.ts'
import { openLoopbackCallback } from '../../client/loopback-callback-node.ts'
import { createPlainFetch } from '../../client/plain-fetch-node.ts'
import { type MayBePrivate, privateHostsOf } from '../../client/private-hosts.ts'
import { readStateFile, writeStateFile } from '../../client/state-file-node.ts'
import type { Surface } from '../../client/surface.ts'
import * as surfaces from '../../client/surfaces/index.ts'
import { strictAt, strictRevisions } from '../../client/surfaces/strict.ts'
import { parseUrl } from '../../platform/url.ts'
import { type ConformanceRun, conformanceRun } from './connect-conformance.ts'
import { formatConnection, formatHeading, formatStep, type Paint, paintFor } from './connect-report.ts'
import { createBrowser, readTypist } from './sign-in-browser.ts'

/** By cause, so that a script can tell a server that is down from a person who declined. */
export const exitCodes: Readonly<Record<FailureReason | 'none', number>> = {
  none: 0,
  stopped: 0,
  usage: 2,
  'sign-in': 3,
  'not-reached': 4,
  tool: 5,
  protocol: 6,
}

export interface ConnectIo {
  env: Readonly<Record<string, string | undefined>>
  /** What a script reads. */
  out(text: string): void
  /** What a person reads beside it. */
  err(text: string): void
  isTerminal: boolean
  exit(code: number): void
}

const processIo: ConnectIo = {
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  exit: (code) => {
    process.exitCode = code
  },
}

interface ConnectFlags {
  as: string
  call?: string[]
  read?: string[]
  refresh?: boolean
  state?: string
  forget?: boolean
  clientId?: string
  clientSecret?: string
  clientMetadataUrl?: string
  scope?: string
  revision?: string
  transport: 'auto' | 'http' | 'sse'
  browser?: Browser['name']
  loginScript?: string
  allowPrivateAddresses?: boolean
  timeout?: number
  json?: boolean
}

const surfaceList: readonly Surface[] = Object.values(surfaces)

/** Of this option everywhere. */
export const allowPrivateAddressesHelp =
  'also go to private addresses that the server’s metadata and sign-in lead to: for servers of your own network'

export function connectCommand(io: ConnectIo = processIo): Command {
  return new Command('connect')
    .description("Connect to an MCP server as one of Claude's clients does, and show every step.")
    .argument('[url]', 'the URL that a person would type when adding the connector')
    .addOption(
      new Option('--as <client>', 'which client to be')
        .choices(surfaceList.map(({ name }) => name))
        .default('claude-code'),
    )
    .option(
      '--revision <date>',
      `with --as strict: the revision of MCP that the server is held to (${strictRevisions.join(', ')})`,
    )
    .option(
      '--call <name json...>',
      'call a tool, with a JSON object of arguments or without (again for more)',
    )
    .option('--read <uri>', 'read a resource (again for more)', (uri: string, before: string[] = []) => [
      ...before,
      uri,
    ])
    .option('--refresh', 'at the end refresh the token, then call and read again')
    .option('--state <file>', 'remember the sign-in in this file (mode 0600), and use it the next time')
    .option('--forget', 'first give up what the state file remembers, as removing the connector does')
    .option('--client-id <id>', 'a client id that was registered by hand')
    .option(
      '--client-secret <secret>',
      'its secret; better in POSTERN_CLIENT_SECRET, where no list of processes shows it',
    )
    .option('--client-metadata-url <url>', 'present this client metadata document as the client id')
    .option('--scope <scope>', 'ask for this scope, whatever the server suggests')
    .addOption(
      new Option('--transport <kind>', 'Streamable HTTP (http) or HTTP+SSE of 2024-11-05 (sse)')
        .choices(['auto', 'http', 'sse'])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--browser <kind>',
        'who signs in: your own browser, a Chromium without a window, or plain forms and redirects',
      ).choices(['system', 'headless', 'fetch']),
    )
    .option(
      '--login-script <file>',
      'what to do on the pages of the sign-in, one step on each line (headless)',
    )
    .option('--allow-private-addresses', allowPrivateAddressesHelp)
    .option('--timeout <seconds>', 'give up after so many seconds altogether', readSeconds)
    .option('--json', 'print one JSON document: lists, results and the transcript, all secrets masked')
    .addHelpText('after', helpAfter)
    .action(async (url: string | undefined, flags: ConnectFlags) => io.exit(await run(url, flags, io)))
}

const helpAfter = `
Clients:
${surfaceList.map(({ name, title }) => `  ${name.padEnd(20)} ${title}`).join('\n')}

POSTERN_LOGIN=user:password signs in where a page asks for it, and makes
--browser fetch the default.

Exit codes: 0 connected, 2 wrong usage, 3 sign-in failed, 4 not reached,
5 a tool reported an error, 6 the server broke the protocol.

Examples:
  postern connect http://localhost:8787/mcp --as claude-code
  postern connect https://mcp.example.com/mcp --as claude-hosted --browser headless --call echo '{"message":"hi"}'
  postern connect https://mcp.example.com/mcp --as strict --json > transcript.json
`

async function run(typedUrl: string | undefined, flags: ConnectFlags, io: ConnectIo): Promise<number> {
  const paint = paintFor(isColoured(io))
  let connection: Connection
  try {
    connection = await connectWith(typedUrl, flags, io, paint)
  } catch (error) {
    // Wrong usage is told in a sentence; anything else is a fault of ours and keeps its stack.
    if (!(error instanceof TypeError)) throw error
    io.err(`postern connect: ${error.message}\n`)
    return exitCodes.usage
  }
  io.out(
    flags.json === true ? `${JSON.stringify(connection, null, 2)}\n` : formatConnection(connection, paint),
  )
  return exitCodes[connection.failure?.reason ?? 'none']
}

/** As Node does it, and so every other command: FORCE_COLOR outweighs NO_COLOR, which outweighs the terminal. */
function isColoured({ env, isTerminal }: ConnectIo): boolean {
  if (env.FORCE_COLOR !== undefined) return ['', 'true', '1', '2', '3'].includes(env.FORCE_COLOR)
  return isTerminal && env.NO_COLOR === undefined
}

async function connectWith(
  typedUrl: string | undefined,
  flags: ConnectFlags,
  io: ConnectIo,
  paint: Paint,
): Promise<Connection> {
  const suite = conformanceRun(io.env)
  const { url, calls } = readWords(typedUrl, flags.call ?? [])
  const surface = surfaceFor(flags, suite)
  const memory = await openMemory(flags, surface, url)
  const controller = new AbortController()
  const timer = limitTime(flags.timeout, controller)
  const mayBePrivate = privateHostsOf(url, flags.allowPrivateAddresses)
  const plain = createPlainFetch(mayBePrivate)
  if (flags.json !== true) io.out(formatHeading(surface, url, paint))
  try {
    return await connect({
      url,
      surface,
      fetch: plain.fetch,
      browser: browserFor(flags, io, surface, suite, mayBePrivate),
      openCallback: openLoopbackCallback,
      ...memory,
      forget: flags.forget === true,
      ...credentialsFor(flags, io, suite),
      clientMetadataUrl: flags.clientMetadataUrl ?? suite?.clientMetadataUrl,
      scope: flags.scope,
      transport: transports[flags.transport],
      calls,
      ...(suite === undefined ? {} : { chooseCalls: suite.chooseCalls }),
      reads: flags.read ?? [],
      refresh: flags.refresh === true,
      acceptElicitation: suite?.acceptsElicitation === true,
      signal: controller.signal,
      onStep: (step) => {
        if (flags.json !== true) io.out(formatStep(step, paint))
      },
    })
  } finally {
    clearTimeout(timer)
    await plain.close()
  }
}

const transports = { auto: 'auto', http: 'streamable-http', sse: 'http+sse' } as const

/** `--call` takes every word up to the next option, so that the URL may be among them. */
export function readWords(
  typedUrl: string | undefined,
  words: readonly string[],
): { url: string; calls: ToolCall[] } {
  let url = typedUrl
  const calls: ToolCall[] = []
  for (const word of words) {
    if (word.trimStart().startsWith('{')) {
      const call = calls.pop()
      if (call === undefined) throw new TypeError('--call needs the name of a tool before its arguments')
      calls.push({ name: call.name, arguments: readArguments(call.name, word) })
    } else if (url === undefined && /^https?:\/\//i.test(word)) url = word
    else calls.push({ name: word, arguments: {} })
  }
  if (url === undefined) throw new TypeError('the URL of the server is missing')
  if (!/^https?:$/.test(parseUrl(url)?.protocol ?? '')) {
    throw new TypeError(`${JSON.stringify(url)} is no http or https URL`)
  }
  return { url, calls }
}

function readArguments(tool: string, text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw new TypeError(`the arguments for ${tool} are not JSON: ${(cause as Error).message}`, { cause })
  }
}

function surfaceFor(flags: ConnectFlags, suite: ConformanceRun | undefined): Surface {
  if (flags.revision !== undefined && flags.as !== 'strict') {
    throw new TypeError('--revision goes with --as strict; the others are what they are')
  }
  const found = surfaceList.find(({ name }) => name === flags.as)
  if (found === undefined) throw new TypeError(`--as ${flags.as} is no client that is known`)
  if (found.name !== 'strict') return found
  const revision = flags.revision ?? suite?.revision
  const surface = revision === undefined ? found : strictAt(revision)
  if (suite?.acceptsElicitation !== true) return surface
  return {
    ...surface,
    mcp: { ...surface.mcp, capabilities: { elicitation: { form: { applyDefaults: true } } } },
  }
}

function credentialsFor(
  flags: ConnectFlags,
  io: ConnectIo,
  suite: ConformanceRun | undefined,
): Pick<ConnectOptions, 'clientId' | 'clientSecret'> {
  if (flags.clientId === undefined && suite?.clientId !== undefined) {
    return { clientId: suite.clientId, clientSecret: suite.clientSecret }
  }
  const fromEnvironment = flags.clientId === undefined ? undefined : io.env.POSTERN_CLIENT_SECRET
  return { clientId: flags.clientId, clientSecret: flags.clientSecret ?? fromEnvironment }
}

async function openMemory(
  flags: ConnectFlags,
  surface: Surface,
  url: string,
): Promise<Pick<ConnectOptions, 'memory' | 'onMemory'>> {
  if (flags.state === undefined) return {}
  const path = flags.state
  const state: ConnectionState = await readStateFile(path)
  const key = connectionKey(surface.name, url)
  return {
    memory: state.connections[key],
    onMemory: (memory) => {
      state.connections[key] = memory
      return writeStateFile(path, state)
    },
  }
}

function browserFor(
  flags: ConnectFlags,
  io: ConnectIo,
  surface: Surface,
  suite: ConformanceRun | undefined,
  mayBePrivate: MayBePrivate,
): Browser {
  const typist = readTypist(flags.loginScript, io.env)
  const make = (name: Browser['name']): Browser =>
    createBrowser(name, { ...typist, mayBePrivate, tell: (line) => io.err(`${line}\n`) })
  if (typist.script !== undefined) return make('headless')
  if (flags.browser !== undefined) return make(flags.browser)
  if (suite !== undefined || typist.login !== undefined) return make('fetch')
  if (surface.identity.redirect.kind === 'fixed' && io.isTerminal && flags.json !== true) {
    return askingBrowser(surface, make)
  }
  return make('system')
}

/** The callback of hosted Claude belongs to claude.ai, where a person's own browser would really take the answer. */
function askingBrowser(surface: Surface, make: (name: Browser['name']) => Browser): Browser {
  return {
    name: 'headless',
    catchesForeignRedirects: true,
    async visit(visit) {
      const chosen = await select({
        ...(visit.signal === undefined ? {} : { signal: visit.signal }),
        message: `${surface.title} takes the answer at ${visit.redirectUri}, so your own browser would carry it away. What shall sign in?`,
        options: [
          { value: 'headless' as const, label: 'a Chromium without a window (--browser headless)' },
          { value: 'fetch' as const, label: 'plain forms and redirects (--browser fetch)' },
        ],
      })
      if (typeof chosen !== 'string') throw new ConnectFailure('usage', 'no browser was chosen')
      return make(chosen).visit(visit)
    },
  }
}

function limitTime(
  seconds: number | undefined,
  controller: AbortController,
): ReturnType<typeof setTimeout> | undefined {
  if (seconds === undefined) return undefined
  return setTimeout(() => {
    controller.abort(
      new ConnectFailure('not-reached', `the connection was not there within ${seconds} seconds`),
    )
  }, seconds * 1000)
}

export function readSeconds(text: string): number {
  const seconds = Number(text)
  if (!(seconds > 0)) throw new InvalidArgumentError('a number of seconds, greater than 0')
  return seconds
}
