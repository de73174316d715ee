// MCP Inspector's command line: one method per run, the sign-in of the first run kept for the second.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binaryPath, startChild } from '../child.ts'
import { findFreePort } from '../loopback.ts'
import { type ClientRun, type ClientTask, readText, readToolNames, wayInOf } from './client-run.ts'
import { packageVersion } from './installed.ts'

export async function runInspectorCli(
  task: ClientTask & { readonly era?: 'legacy' | 'auto' | 'modern' },
): Promise<ClientRun> {
  const home = await mkdtemp(join(tmpdir(), 'postern-inspector-'))
  try {
    // Its default callback port is fixed, and two runs on one machine would meet there.
    const callback = `http://127.0.0.1:${await findFreePort()}/callback`
    const target = [
      '--server-url',
      task.url,
      '--transport',
      'http',
      '--format',
      'json',
      '--callback-url',
      callback,
    ]
    if (task.era !== undefined) target.push('--protocol-era', task.era)
    if (task.clientMetadataUrl !== undefined) target.push('--client-metadata-url', task.clientMetadataUrl)
    if (task.preRegistered !== undefined) {
      target.push('--client-id', task.preRegistered.clientId)
      if (task.preRegistered.clientSecret !== undefined)
        target.push('--client-secret', task.preRegistered.clientSecret)
    }
    const initialized = await runOnce(home, [...target, '--method', 'initialize'], task.browse)
    const listed = await runOnce(home, [...target, '--method', 'tools/list'])
    const call = ['--method', 'tools/call', '--tool-name', task.call.name]
    const args = ['--tool-args-json', JSON.stringify(task.call.arguments)]
    const called = await runOnce(home, [...target, ...call, ...args])
    if (initialized.authorizationUrl === undefined) throw new Error('the Inspector never asked for a browser')
    return {
      name: 'MCP Inspector CLI',
      version: await packageVersion('@modelcontextprotocol/inspector'),
      wayIn: wayInOf(initialized.authorizationUrl, task),
      authorizationUrl: initialized.authorizationUrl,
      protocolVersion: (initialized.result as { protocolVersion?: string }).protocolVersion,
      tools: readToolNames(listed.result),
      text: readText(called.result),
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

const RUN_TIMEOUT_MILLISECONDS = 60_000

/** With `browse` the run must ask for a browser; without it the stored sign-in must do. */
async function runOnce(
  home: string,
  args: readonly string[],
  browse?: ClientTask['browse'],
): Promise<{ result: unknown; authorizationUrl: URL | undefined }> {
  const quietly = browse === undefined ? ['--stored-auth-only'] : []
  const child = startChild(binaryPath('mcp-inspector'), ['--cli', ...args, ...quietly], {
    cwd: home,
    // Without a terminal it prints where to go and waits, if told that a browser opens by itself.
    env: { HOME: home, MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' },
    timeoutMilliseconds: RUN_TIMEOUT_MILLISECONDS,
  })
  try {
    let authorizationUrl: URL | undefined
    if (browse !== undefined) {
      const [, url = ''] = await child.waitForOutput(/Please navigate to:\s+(\S+)/)
      authorizationUrl = new URL(url)
      await browse(url)
    }
    const { code } = await child.exited
    if (code !== 0) throw new Error(`mcp-inspector ${args.join(' ')} ended with ${code}:\n${child.stderr()}`)
    const envelope = JSON.parse(child.stdout()) as { result?: unknown }
    return { result: envelope.result ?? envelope, authorizationUrl }
  } finally {
    await child.stop()
  }
}
