// A server that others wrote, running on this machine.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Peer {
  url: string
  close(): void | Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
