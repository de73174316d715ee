// A handler behind a real port of this machine.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'

/** Its origin. Closed when the test is over. */
export async function listen(handler: (request: Request) => Promise<Response> | Response): Promise<string> {
  const server = createServer(async (incoming, outgoing) => {
    const headers = new Headers()
    for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value))
    const init: RequestInit & { duplex?: 'half' } = { method: incoming.method ?? 'GET', headers }
    if (init.method !== 'GET' && init.method !== 'HEAD') {
      init.body = Readable.toWeb(incoming) as unknown as BodyInit
      init.duplex = 'half'
    }
    const response = await handler(new Request(`http://${incoming.headers.host}${incoming.url}`, init))
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
