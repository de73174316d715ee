// The demonstration server of the MCP TypeScript SDK v1, as its authors ship it: a process of its own, with its authorization server on another port.

import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Peer } from './peer.ts'

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
  return { url: `http://localhost:${port}/mcp`, close: () => child.kill() }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
