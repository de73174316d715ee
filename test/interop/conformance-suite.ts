// Runs the official conformance suite (@modelcontextprotocol/conformance) and reads its verdicts from its result files.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { type Child, repositoryRoot, startChild } from './child.ts'
import { findFreePort } from './loopback.ts'

export type Requirements = '2025-11-25' | '2026-07-28'

export interface Scenario {
  readonly name: string
  /** No check failed, at least one succeeded, and the suite's own exit code agrees where it has one per scenario. */
  readonly passed: boolean
  /** The checks that failed or warned, in the suite's words. */
  readonly failures: readonly string[]
  readonly warnings: readonly string[]
}

/** What a revision requires of a role: the list is frozen, so a run can be compared with it by name. */
export async function requiredScenarios(
  role: 'server' | 'client',
  requirements: Requirements,
): Promise<string[]> {
  const { output } = await runSuite(['list', '--requirements', requirements], LIST_TIMEOUT_MILLISECONDS)
  const title = role === 'server' ? 'Server scenarios' : 'Client scenarios'
  const section = new RegExp(`^${title}.*\\n((?: {2}- .*\\n)+)`, 'm').exec(output)?.[1]
  if (section === undefined) throw new Error(`the suite lists no ${role} scenarios:\n${output}`)
  return [...section.matchAll(/^ {2}- (\S+)/gm)].map((match) => match[1] ?? '')
}

/** Every scenario the revision requires, and the few the suite runs beside them without scoring. */
export async function runServerScenarios(options: {
  readonly url: string
  readonly requirements: Requirements
  readonly timeoutMilliseconds?: number
}): Promise<Scenario[]> {
  return withResultFolder(async (folder) => {
    const run = await runSuite(
      ['server', '--url', options.url, '--requirements', options.requirements, '-o', folder],
      options.timeoutMilliseconds ?? RUN_TIMEOUT_MILLISECONDS,
    )
    return readScenarios(folder, /^server-(.+)$/, run.output)
  })
}

/**
 * The suite as a client of an authorization server. `approve` is given the authorization URL and must bring a browser
 * (or something like one) to the end of it, that is, to the redirect on 127.0.0.1.
 */
export async function runAuthorizationScenarios(options: {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly resource?: string
  /** The client must be registered with `http://127.0.0.1:<port>/callback`; without it, any free port. */
  readonly callbackPort?: number
  readonly approve: (authorizationUrl: string) => Promise<void>
}): Promise<Scenario[]> {
  const port = options.callbackPort ?? (await findFreePort())
  return withResultFolder(async (folder) => {
    const args = [
      'authorization',
      '--url',
      options.issuer,
      '--client-id',
      options.clientId,
      '-p',
      String(port),
    ]
    if (options.clientSecret !== undefined) args.push('--client-secret', options.clientSecret)
    if (options.resource !== undefined) args.push('--resource', options.resource)
    const child = startSuite([...args, '-o', folder], RUN_TIMEOUT_MILLISECONDS)
    try {
      const waiting = child.waitForOutput(/^(https?:\/\/\S+[?&]response_type=code\S*)$/m)
      const [, authorizationUrl = ''] = await waiting
      await options.approve(authorizationUrl)
      await child.exited
      return await readScenarios(folder, /^authorization-server-(.+)$/, child.stdout() + child.stderr())
    } finally {
      await child.stop()
    }
  })
}

/**
 * The suite as server and authorization server; `command` is the client under test, run by a shell with the server's
 * URL appended. Scenarios run a few at a time: all at once, as the suite does it, starves two cores into timeouts.
 */
export async function runClientScenarios(options: {
  readonly command: string
  readonly requirements: Requirements
  /** Only scenarios whose names begin so, such as `auth/`. */
  readonly prefix?: string
  readonly timeoutMilliseconds?: number
}): Promise<Scenario[]> {
  const names = (await requiredScenarios('client', options.requirements)).filter((name) =>
    name.startsWith(options.prefix ?? ''),
  )
  const results: Scenario[] = []
  const queue = [...names]
  const worker = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      results.push(await runClientScenario(name, options))
    }
  }
  await Promise.all(Array.from({ length: CLIENT_SCENARIOS_AT_ONCE }, worker))
  return results.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name))
}

/** For a failed expectation: one line per scenario that did not pass. */
export function formatFailures(scenarios: readonly Scenario[]): string[] {
  return scenarios
    .filter(({ passed }) => !passed)
    .map(({ name, failures }) => `${name}: ${failures.join('; ')}`)
}

const LIST_TIMEOUT_MILLISECONDS = 20_000
const RUN_TIMEOUT_MILLISECONDS = 120_000
const CLIENT_TIMEOUT_MILLISECONDS = 30_000
const CLIENT_SCENARIOS_AT_ONCE = 3

const SUITE = join(repositoryRoot, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js')

interface SuiteCheck {
  readonly id: string
  readonly status: string
  readonly description?: string
  readonly errorMessage?: string
}

async function runClientScenario(
  name: string,
  options: {
    readonly command: string
    readonly requirements: Requirements
    readonly timeoutMilliseconds?: number
  },
): Promise<Scenario> {
  const clientTimeout = options.timeoutMilliseconds ?? CLIENT_TIMEOUT_MILLISECONDS
  return withResultFolder(async (folder) => {
    const args = ['client', '--command', options.command, '--scenario', name, '-o', folder]
    args.push('--spec-version', options.requirements, '--timeout', String(clientTimeout))
    const run = await runSuite(args, clientTimeout + LIST_TIMEOUT_MILLISECONDS)
    const [scenario] = await readScenarios(folder, /^(.+)$/, run.output)
    // Here the exit code also counts warnings, a client that timed out, and one that ended with an error.
    if (scenario?.passed && run.code === 0) return scenario
    const failures = [
      ...(scenario?.failures ?? []),
      ...(scenario?.warnings ?? []),
      `the suite said:\n${run.output}`,
    ]
    return { name, passed: false, failures, warnings: scenario?.warnings ?? [] }
  })
}

function startSuite(args: readonly string[], timeoutMilliseconds: number): Child {
  return startChild(process.execPath, [SUITE, ...args], { timeoutMilliseconds })
}

async function runSuite(
  args: readonly string[],
  timeoutMilliseconds: number,
): Promise<{ code: number | null; output: string }> {
  const child = startSuite(args, timeoutMilliseconds)
  const { code, timedOut } = await child.exited
  const output = child.stdout() + child.stderr()
  if (timedOut)
    throw new Error(`conformance ${args.join(' ')} did not end in ${timeoutMilliseconds} ms:\n${output}`)
  return { code, output }
}

async function withResultFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-conformance-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The suite names each result folder after the scenario and the time; a scenario's own name may hold a slash. */
async function readScenarios(folder: string, prefix: RegExp, output: string): Promise<Scenario[]> {
  const scenarios: Scenario[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.name !== 'checks.json') continue
    const file = join(entry.parentPath, entry.name)
    const place = relative(folder, dirname(file)).replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
    const checks: SuiteCheck[] = JSON.parse(await readFile(file, 'utf8'))
    scenarios.push(readScenario(prefix.exec(place)?.[1] ?? place, checks))
  }
  if (scenarios.length === 0) throw new Error(`the suite left no results:\n${output}`)
  return scenarios
}

function readScenario(name: string, checks: readonly SuiteCheck[]): Scenario {
  const told = (status: string): string[] =>
    checks
      .filter((check) => check.status === status)
      .map((check) => `${check.id}: ${check.errorMessage ?? check.description ?? status}`)
  const failures = told('FAILURE')
  const succeeded = checks.some((check) => check.status === 'SUCCESS')
  if (!succeeded && failures.length === 0) failures.push(...told('SKIPPED'), 'no check succeeded')
  return { name, passed: failures.length === 0, failures, warnings: told('WARNING') }
}
