/** Starts an example given by its path, sees that a client would find the door, and ends it. */

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const example = process.argv[2]
if (example === undefined) throw new Error('give the path of an example')
const home = dirname(example)
const port = await freePort()

const child = spawn(process.execPath, [example], {
  cwd: home,
  env: {
    ...process.env,
    PORT: String(port),
    DATABASE: join(home, 'example.db'),
    MASTER_KEY_FILE: join(home, 'example.key'),
    FIRST_PASSWORD: 'correct horse battery',
  },
  stdio: 'inherit',
})
const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))

try {
  const metadata = await answerOf(`http://localhost:${port}/.well-known/oauth-protected-resource/mcp`)
  if (metadata.status !== 200) throw new Error(`metadata answered ${metadata.status}`)
  const refused = await fetch(`http://localhost:${port}/mcp`, { method: 'POST' })
  if (refused.status !== 401) throw new Error(`a stranger was answered ${refused.status} instead of 401`)
} finally {
  child.kill('SIGTERM')
}
process.exitCode = (await ended) ?? 1

async function answerOf(url: string): Promise<Response> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const response = await fetch(url).catch(() => undefined)
    if (response !== undefined) return response
    await sleep(100)
  }
  throw new Error(`${url} did not answer`)
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      const found = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(found))
    })
  })
}
