// The demonstration server of the MCP TypeScript SDK v1, as its authors ship it: a process of its own, with its authorization server on another port.

import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { freePort, type Peer } from './peer.ts'

const example = 'examples/server/simpleStreamableHttp.js'

export async function startSdkDemo(): Promise<Peer> {
  const [port, authorizationPort] = [await freePort(), await freePort()]
  const sdk = createRequire(import.meta.url).resolve('@modelcontextprotocol/sdk/server/mcp.js')
  const script = join(sdk, '../../../esm', example)
  const child = spawn(process.execPath, [script, '--oauth'], {
    env: { ...process.env, MCP_PORT: `${port}`, MCP_AUTH_PORT: `${authorizationPort}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the demo server ended with ${code}`)))
    child.stdout.on('data', (text: Buffer) => {
      if (text.includes(`listening on port ${port}`)) resolve()
    })
  })
  return { url: `http://localhost:${port}/mcp`, close: () => void child.kill() }
}
