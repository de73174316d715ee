/** The tools beside each other: what each complains of, with the most that it can be given. What is made up in each run is taken out. */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createFetchBrowser } from '../../src/client/browser-fetch.ts'
import { openLoopbackCallback } from '../../src/client/loopback-callback-node.ts'
import { createSystemNetwork } from '../../src/client/network-node.ts'
import { claudeHosted } from '../../src/client/surfaces/claude-hosted.ts'
import { doctor } from '../../src/doctor/doctor.ts'
import { user } from '../../test/doctor/lab/lab.ts'
import { startBearerRelay } from '../../test/interop/bearer-relay.ts'
import { binaryPath, repositoryRoot, startChild } from '../../test/interop/child.ts'
import { runAuthorizationScenarios, runServerScenarios } from '../../test/interop/conformance-suite.ts'
import { findFreePort } from '../../test/interop/loopback.ts'
import { approveByFetch } from '../../test/interop/plain-sign-in.ts'
import { documentClientId, type ServedLab } from './served-lab.ts'

export interface Tool {
  name: string
  version(): Promise<string>
  /** One line for each complaint, the first first; empty for a server that it finds nothing in. */
  complaints(lab: ServedLab): Promise<string[]>
}

export const tools: readonly Tool[] = [
  { name: 'postern doctor', version: () => versionIn('.'), complaints: askDoctor },
  {
    name: 'conformance',
    version: () => versionIn('node_modules/@modelcontextprotocol/conformance'),
    complaints: askConformance,
  },
  {
    name: 'MCPJam SDK',
    version: () => versionIn('bench/doctor-peers/node_modules/@mcpjam/sdk'),
    complaints: askMcpJam,
  },
  {
    name: 'Inspector CLI',
    version: () => versionIn('node_modules/@modelcontextprotocol/inspector'),
    complaints: askInspector,
  },
]

async function versionIn(folder: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(repositoryRoot, folder, 'package.json'), 'utf8'))
  return (manifest as { version: string }).version
}

const call = { name: 'search_notes', arguments: { text: 'x' } } as const
const limitMilliseconds = 40_000
const stepMilliseconds = 15_000
const landingAttempts = 25

async function askDoctor(lab: ServedLab): Promise<string[]> {
  const { findings } = await doctor({
    url: lab.url,
    surface: claudeHosted,
    fetch,
    network: createSystemNetwork({ mayBePrivate: () => true }),
    browser: createFetchBrowser(user),
    openCallback: openLoopbackCallback,
    isIntrusive: true,
    calls: [call],
  })
  return findings.map(({ id, cause }) => `${id}: ${cause}`)
}

/** It sends no token and registers no client: it is given both, of the time before the fault. */
async function askConformance(lab: ServedLab): Promise<string[]> {
  const relay =
    lab.token === undefined ? undefined : await startBearerRelay({ target: lab.url, token: lab.token })
  try {
    const served = await runServerScenarios({
      url: relay?.url ?? lab.url,
      requirements: '2025-11-25',
      timeoutMilliseconds: limitMilliseconds,
    }).catch((error: unknown) => [{ name: 'server', failures: [told(error)] }])
    const { clientId } = lab
    const authorized =
      clientId === undefined
        ? []
        : await runAuthorizationScenarios({ issuer: lab.issuer, clientId, resource: lab.url, approve }).catch(
            (error: unknown) => [{ name: 'authorization', failures: [told(error)] }],
          )
    return [...authorized, ...served].flatMap(({ name, failures }) =>
      failures.map((failure) => `${name}: ${failure}`),
    )
  } finally {
    await relay?.close()
  }
}

/** Its sign-in with the tools listed and one called, then its protocol checks with the token of before. */
async function askMcpJam(lab: ServedLab): Promise<string[]> {
  const { OAuthConformanceTest, MCPConformanceTest } = await importMcpJam()
  const signIn = {
    serverUrl: lab.url,
    protocolVersion: '2025-11-25',
    ...(lab.clientId === documentClientId
      ? { registrationStrategy: 'cimd', client: { clientIdMetadataUrl: documentClientId } }
      : { registrationStrategy: 'dcr' }),
    auth: { mode: 'interactive', openUrl: approve },
    stepTimeout: stepMilliseconds,
    oauthConformanceChecks: true,
    verification: { listTools: true, callTool: { name: call.name, params: call.arguments } },
  }
  const oauth = await within(new OAuthConformanceTest(signIn).run())
  const protocol = await within(
    new MCPConformanceTest({
      serverUrl: lab.url,
      checkTimeout: stepMilliseconds,
      ...(lab.token === undefined ? {} : { accessToken: lab.token }),
    }).run(),
  )
  const { listTools, callTool } = oauth.verification ?? {}
  return [
    ...(oauth.steps ?? []).flatMap(({ step, status, error }) =>
      status === 'failed' ? [`${step}: ${error?.message}`] : [],
    ),
    ...(listTools?.passed === false ? [`tools/list: ${listTools.error}`] : []),
    ...(callTool?.passed === false ? [`tools/call: ${callTool.error}`] : []),
    ...(oauth.says === undefined ? [] : [`oauth: ${oauth.says}`]),
    ...(protocol.checks ?? []).flatMap(({ id, status, error }) =>
      status === 'failed' ? [`${id}: ${error?.message}`] : [],
    ),
    ...(protocol.says === undefined ? [] : [`protocol: ${protocol.says}`]),
  ]
}

/** One run signs in and lists, the next calls a tool with the sign-in that it stored. */
async function askInspector(lab: ServedLab): Promise<string[]> {
  const home = await mkdtemp(join(tmpdir(), 'postern-lab-'))
  try {
    const target = ['--cli', '--server-url', lab.url, '--transport', 'http', '--format', 'json']
    if (lab.clientId === documentClientId) target.push('--client-metadata-url', documentClientId)
    const callback = ['--callback-url', `http://127.0.0.1:${await findFreePort()}/callback`]
    const listed = await runInspector(home, [...target, ...callback, '--method', 'tools/list'])
    if (listed.length > 0) return listed
    const words = ['--tool-name', call.name, '--tool-args-json', JSON.stringify(call.arguments)]
    return await runInspector(home, [...target, ...callback, '--method', 'tools/call', ...words])
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

async function runInspector(home: string, words: readonly string[]): Promise<string[]> {
  const child = startChild(binaryPath('mcp-inspector'), words, {
    cwd: home,
    env: { HOME: home, MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' },
    timeoutMilliseconds: limitMilliseconds,
  })
  let stopped = ''
  const browsed = child.waitForOutput(/Please navigate to:\s+(\S+)/, limitMilliseconds).then(
    ([, url = '']) =>
      approve(url).catch(async (error: unknown) => {
        stopped = told(error)
        await child.stop()
      }),
    () => undefined,
  )
  const { code, timedOut } = await child.exited
  await browsed
  if (stopped !== '') return [`at the browser: ${stopped}`]
  if (timedOut) return ['no end']
  return code === 0 ? [] : [`exit ${code}: ${child.stderr().trim().split('\n').at(-1) ?? ''}`]
}

/** The person: signs in, agrees, and lands where the redirect leads. */
async function approve(authorizationUrl: string): Promise<void> {
  const redirect = await approveByFetch(authorizationUrl, user)
  // A tool may print the address before it listens, and hang up as soon as it has the code.
  for (let count = 0; count < landingAttempts && (await isNobodyAt(redirect)); count++) await wait(200)
}

async function isNobodyAt(redirect: URL | string): Promise<boolean> {
  return fetch(redirect).then(
    async (answer) => {
      await answer.text()
      return false
    },
    ({ cause }: { cause?: { code?: string } }) => cause?.code === 'ECONNREFUSED',
  )
}

interface McpJamStep {
  status: string
  error?: { message: string }
}
interface McpJamRun {
  steps?: (McpJamStep & { step: string })[]
  checks?: (McpJamStep & { id: string })[]
  verification?: Partial<Record<'listTools' | 'callTool', { passed: boolean; error?: string }>>
  /** Where it ended without a result. */
  says?: string
}
type McpJamTest = new (options: Record<string, unknown>) => { run(): Promise<McpJamRun> }

async function importMcpJam(): Promise<Record<'OAuthConformanceTest' | 'MCPConformanceTest', McpJamTest>> {
  const path = new URL('node_modules/@mcpjam/sdk/dist/index.js', import.meta.url).href
  return import(path)
}

async function within(run: Promise<McpJamRun>): Promise<McpJamRun> {
  const { promise, resolve } = Promise.withResolvers<McpJamRun>()
  const timer = setTimeout(() => resolve({ says: 'no end' }), limitMilliseconds)
  run.then(resolve, (error: unknown) => resolve({ says: told(error) }))
  return promise.finally(() => clearTimeout(timer))
}

/** What a program printed before it ended, where the error tells of that; else its first line. */
function told(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const printed = message.split(', got:\n')[1] ?? message.split('\n')[0] ?? ''
  return printed.replaceAll(/\s+/g, ' ').trim()
}

/** Ports, tokens, ids, times: of one run only. */
export function withoutChance(line: string): string {
  return line
    .replaceAll(/(?:127\.0\.0\.1|localhost)(?::|%3A)\d+/g, 'here')
    .replaceAll(/\b(code|state)=[^&\s"]+/g, '$1=…')
    .replaceAll(/(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{28,}|[\da-f-]{32,}/g, '…')
    .replaceAll(/\d+(?:\.\d+)? ?(?:ms|s)\b/g, 'a while')
    .replaceAll(/\/tmp\/\S+| -p \d+/g, '…')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'now')
}
