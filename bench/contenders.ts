/** The servers that are measured beside each other, each as its documentation sets it up, each durable at every commit. */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { account, connect, createBrowser, type OpenDoor } from '../test/door.ts'
import { authorize, type Connection, discover } from './authorization-flow.ts'
import { type ServerCommand, type ServerProcess, startServerProcess } from './server-process.ts'

export interface Contender {
  name: string
  version: string
  process: ServerProcess
  tokenEndpoint: URL
  /** A new family of tokens. */
  connect(): Promise<Connection>
}

const root = join(import.meta.dirname, '..')
const peersDirectory = join(import.meta.dirname, 'peers')

export type PeerName = '@cloudflare/workers-oauth-provider' | 'oidc-provider' | '@better-auth/mcp'

const peerPrograms: Record<PeerName, { program: string; metadata: string }> = {
  '@cloudflare/workers-oauth-provider': {
    program: 'cloudflare.mjs',
    metadata: '/.well-known/oauth-authorization-server',
  },
  'oidc-provider': { program: 'oidc-provider.mjs', metadata: '/.well-known/openid-configuration' },
  '@better-auth/mcp': {
    program: 'better-auth.mjs',
    metadata: '/api/auth/.well-known/oauth-authorization-server',
  },
}

export const peerNames = Object.keys(peerPrograms) as PeerName[]

/** From the npm registry, exactly what the lockfile says; they are no dependencies of Postern. */
export function installPeers(directory: string = peersDirectory): void {
  const installed = join(directory, 'node_modules/.package-lock.json')
  const lockfile = join(directory, 'package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs) return
  // npm is a program of the Node that runs, or of the machine.
  const own = join(dirname(process.execPath), 'npm')
  const npm = existsSync(own) ? own : 'npm'
  const { status } = spawnSync(npm, ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], {
    cwd: directory,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) throw new Error('the peers could not be installed; is the npm registry reachable?')
}

export async function startPeer(name: PeerName): Promise<Contender> {
  const { program, metadata } = peerPrograms[name]
  const manifest = join(peersDirectory, 'node_modules', name, 'package.json')
  const process = await startServerProcess({
    words: (port, directory) => [join(peersDirectory, program), String(port), join(directory, 'records.db')],
  })
  const server = await discover(process.origin + metadata)
  return {
    name,
    version: versionOf(manifest),
    process,
    tokenEndpoint: new URL(server.tokenEndpoint),
    connect: () => authorize(server, `${process.origin}/mcp`),
  }
}

export interface PosternStart {
  nodeFlags?: ServerCommand['nodeFlags']
  /** Default: one that is not there. */
  upstream?: string
}

/** The real `postern serve`, with the options of a first start, but for its limits. */
export async function startPostern({
  nodeFlags,
  upstream = 'http://127.0.0.1:9/mcp',
}: PosternStart = {}): Promise<Contender> {
  const binary = join(root, 'bin/postern.js')
  const server = await startServerProcess({
    nodeFlags,
    words: (port, directory) => {
      const data = join(directory, 'data')
      const address = ['--port', String(port), '--data', data, '--upstream', upstream]
      // As for every peer: one person who connects a hundred times in a second is what limits are for.
      return [binary, 'serve', ...address, '--no-rate-limits']
    },
  })
  await createAccount(binary, join(server.directory, 'data'))
  const { origin } = server
  const send: OpenDoor['fetch'] = (path, init) =>
    fetch(new URL(path, origin), { redirect: 'manual', ...init })
  const door: OpenDoor = {
    origin,
    mcpUrl: `${origin}/mcp`,
    fetch: send,
    browser: () => createBrowser(origin, send),
  }
  const browser = door.browser()
  return {
    name: 'postern serve',
    version: versionOf(join(root, 'package.json')),
    process: server,
    tokenEndpoint: new URL('/oauth/token', origin),
    connect: () => connect(door, { browser }),
  }
}

async function createAccount(binary: string, data: string): Promise<void> {
  const words = [binary, 'users', 'create', account.username, '--password-stdin', '--data', data]
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(account.password)
  const code = await new Promise((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`the account could not be made: ${code}`)
}

/** A form endpoint of bare `node:http` over the same storage: what is left when everything of OAuth is taken away. */
export async function startBareEndpoint(families: number): Promise<Contender> {
  const program = join(import.meta.dirname, 'bare-endpoint.ts')
  const server = await startServerProcess({
    words: (port, directory) => [program, String(port), join(directory, 'records.db'), String(families)],
  })
  let family = 0
  return {
    name: 'bare node:http form endpoint',
    version: process.version,
    process: server,
    tokenEndpoint: new URL('/token', server.origin),
    async connect() {
      const grantId = `g${family++}`
      return { clientId: 'a-client', accessToken: '', refreshToken: `${grantId} refresh 0` }
    },
  }
}

function versionOf(manifest: string): string {
  return String((JSON.parse(readFileSync(manifest, 'utf8')) as { version: unknown }).version)
}
