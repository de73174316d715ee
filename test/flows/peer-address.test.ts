// The address of a real socket reaches the guards, through the Node server and through a server of one's own.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { nodeHandler, startServer } from '../../src/app/node.ts'
import { openDoor } from '../door.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function statusOf(port: number, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers })
  await response.body?.cancel()
  return response.status
}

test('[HS-17] a list of addresses judges the socket, and the header only where the socket is a listed proxy', async () => {
  for (const [sources, plain, forwarded] of [
    [{ allowed: ['127.0.0.0/8'] }, 401, 401],
    [{ allowed: ['anthropic'] }, 403, 403],
    [{ allowed: ['anthropic'], trustedProxies: ['127.0.0.1'] }, 403, 401],
  ] as const) {
    const door = await openDoor({ sources: { ...sources } })
    const server = await startServer({ fetch: door.postern.fetch, port: 0 })
    closing.push(() => server.close(0))
    const own = createServer(nodeHandler(door.postern.fetch))
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve))
    closing.push(async () => own.close())
    for (const port of [server.port, (own.address() as AddressInfo).port]) {
      expect(await statusOf(port)).toBe(plain)
      expect(await statusOf(port, { 'x-forwarded-for': '160.79.104.17' })).toBe(forwarded)
    }
  }
})
