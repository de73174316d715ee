// mcp-remote: a stdio MCP server that signs in at a remote one, as desktop hosts start it.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binaryPath, type Child, startChild } from '../child.ts'
import { findFreePort } from '../loopback.ts'
import { type ClientRun, type ClientTask, readText, readToolNames, wayInOf } from './client-run.ts'
import { packageVersion } from './installed.ts'

export async function runMcpRemote(task: ClientTask): Promise<ClientRun> {
  const home = await mkdtemp(join(tmpdir(), 'postern-mcp-remote-'))
  const version = await packageVersion('mcp-remote')
  const port = String(await findFreePort())
  const args = [task.url, port, '--host', '127.0.0.1', '--callback-path', '/callback']
  // It takes cleartext only from localhost by default, not from the address of it.
  if (new URL(task.url).protocol === 'http:') args.push('--allow-http')
  if (task.clientMetadataUrl !== undefined) args.push('--client-metadata-url', task.clientMetadataUrl)
  if (task.preRegistered !== undefined) {
    const { clientId: client_id, clientSecret: client_secret } = task.preRegistered
    args.push('--static-oauth-client-info', JSON.stringify({ client_id, client_secret }))
  }
  const child = startChild(binaryPath('mcp-remote'), args, {
    cwd: home,
    env: {
      HOME: home,
      MCP_REMOTE_CONFIG_DIR: join(home, 'config'),
      ...(await noBrowser(home)),
    },
  })
  try {
    const rpc = createLineRpc(child)
    // A host does not wait for the sign-in before it initializes.
    const initializing = rpc.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'postern-interop', version: '1.0.0' },
    })
    const [, url = ''] = await child.waitForOutput(/authorize this client by visiting:\s+(\S+)/)
    const authorizationUrl = new URL(url)
    await task.browse(url)
    const initialized = (await initializing) as { protocolVersion?: string }
    rpc.notify('notifications/initialized')
    const tools = readToolNames(await rpc.request('tools/list', {}))
    const text = readText(await rpc.request('tools/call', task.call))
    return {
      name: 'mcp-remote',
      version,
      wayIn: wayInOf(authorizationUrl, task),
      authorizationUrl,
      protocolVersion: initialized.protocolVersion,
      tools,
      text,
    }
  } finally {
    await child.stop()
    await rm(home, { recursive: true, force: true })
  }
}

const ANSWER_TIMEOUT_MILLISECONDS = 45_000

/** Openers that open nothing, under every name it tries: `open` brings an xdg-open of its own, which asks $BROWSER. */
async function noBrowser(home: string): Promise<{ PATH: string; BROWSER: string }> {
  const folder = join(home, 'bin')
  await mkdir(folder)
  for (const name of ['xdg-open', 'open', 'gio', 'x-www-browser', 'sensible-browser']) {
    await writeFile(join(folder, name), '#!/bin/sh\nexit 0\n')
    await chmod(join(folder, name), 0o755)
  }
  return { PATH: `${folder}:${process.env.PATH ?? ''}`, BROWSER: join(folder, 'xdg-open') }
}

/** JSON-RPC by lines (MCP 2025-11-25, transports, "stdio"). */
function createLineRpc(child: Child): {
  request(method: string, params: unknown): Promise<unknown>
  notify(method: string): void
} {
  let lastId = 0
  const send = (message: object): void => {
    child.process.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
  return {
    async request(method, params) {
      const id = ++lastId
      send({ id, method, params })
      const line = new RegExp(`^\\{(?=[^\\n]*"id":${id}[,}]).*\\}$`, 'm')
      const [answer] = await child.waitForOutput(line, ANSWER_TIMEOUT_MILLISECONDS)
      const message = JSON.parse(answer) as { result?: unknown; error?: unknown }
      if (message.error !== undefined) throw new Error(`${method}: ${JSON.stringify(message.error)}`)
      return message.result
    },
    notify: (method) => send({ method }),
  }
}
