// The reference server with everything in it, by SDK v1, as its authors ship it: Streamable HTTP without a sign-in, in a process of its own.

import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { freePort, type Peer } from './peer.ts'

export async function startServerEverything(): Promise<Peer> {
  const port = await freePort()
  const manifest = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/server-everything/package.json',
  )
  const child = spawn(process.execPath, [join(dirname(manifest), 'dist/index.js'), 'streamableHttp'], {
    env: { ...process.env, PORT: `${port}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
    child.stderr.on('data', (text: Buffer) => {
      if (text.includes(`listening on port ${port}`)) resolve()
    })
  })
  return { url: `http://localhost:${port}/mcp`, close: () => void child.kill() }
}
