// The program as people run it: the real binary as a child process, with a data directory of its own.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { type Child, type ChildOptions, repositoryRoot, startChild } from '../interop/child.ts'

/** The MCP reference server, by its path: nothing is looked up when a test runs. */
export const referenceServer: readonly string[] = [
  'node',
  join(repositoryRoot, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js'),
]

export const account = { username: 'ada', password: 'analytical engine 1843' }

export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

/** Removed when the test, or the file if no test runs, is over. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'postern-cli-'))
  atEnd(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** What a hook of the file made lives as long as the file: no hook can be added from inside a hook. */
function atEnd(cleanUp: () => unknown): void {
  try {
    onTestFinished(async () => void (await cleanUp()))
  } catch {
    ofTheFile.unshift(cleanUp)
  }
}

const ofTheFile: (() => unknown)[] = []
afterAll(async () => {
  for (const cleanUp of ofTheFile) await cleanUp()
})

export async function runPostern(
  words: readonly string[],
  options: ChildOptions & { input?: string } = {},
): Promise<Outcome> {
  const child = startPostern(words, options)
  child.process.stdin.end(options.input ?? '')
  const { code } = await child.exited
  return { code, stdout: child.stdout(), stderr: child.stderr() }
}

export function startPostern(words: readonly string[], options: ChildOptions = {}): Child {
  return startChild('node', [join(repositoryRoot, 'bin/postern.js'), ...words], {
    timeoutMilliseconds: LIFETIME_MILLISECONDS,
    ...options,
  })
}

/** A server lives as long as its file, which takes a minute where others are at work too. */
const LIFETIME_MILLISECONDS = 600_000

export interface OpenDoor {
  readonly child: Child
  readonly connectorUrl: string
  readonly origin: string
  readonly setupLink: string | undefined
}

/** Waits for the banner to be whole. */
export async function serve(
  data: string,
  words: readonly string[],
  options: ChildOptions = {},
): Promise<OpenDoor> {
  const child = startPostern(['serve', '--data', data, ...words], options)
  atEnd(() => child.stop())
  await child.waitForOutput(/Ctrl\+C closes it/)
  const banner = child.stdout()
  const connectorUrl = /Connector\s+(\S+)/.exec(banner)?.[1] ?? ''
  const setupLink = /\n\s+(\S+\/setup#\S+)/.exec(banner)?.[1]
  return { child, connectorUrl, origin: new URL(connectorUrl).origin, setupLink }
}

/** What a browser does with the setup link: the token in the fragment never goes out with the address. */
export async function makeFirstAccount(setupLink: string, person: typeof account): Promise<Response> {
  const link = new URL(setupLink)
  const token = link.hash.slice(1)
  link.hash = ''
  const page = await fetch(link)
  const html = await page.text()
  if (!page.ok) return new Response(html, { status: page.status })
  const cookie = page.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const fields = new URLSearchParams({
    csrf: /name="?csrf"?[^>]*value="([^"]*)"/.exec(html)?.[1] ?? '',
    setup: token,
    username: person.username,
    display_name: '',
    password: person.password,
    password_again: person.password,
  })
  fields.set('then', '/')
  return fetch(link, {
    method: 'POST',
    body: fields,
    redirect: 'manual',
    headers: { cookie, origin: link.origin },
  })
}

/** The first thing that any client sends. */
export async function initialize(connectorUrl: string, accessToken?: string): Promise<Response> {
  return fetch(connectorUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } },
    }),
  })
}
