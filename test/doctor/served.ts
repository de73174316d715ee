// A lab at a port of this machine, where it says of itself that it is.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { Lab } from './lab/lab.ts'

const servers: Server[] = []

/** By a name and at a port that readers will see, or at any that is free. */
export async function served(
  lab: Lab,
  { name = '127.0.0.1', port = 0 }: { name?: string; port?: number } = {},
): Promise<Lab> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Readable.from(request).toArray())
    const answer = await lab.fetch(`${new URL(lab.url).origin}${request.url}`, {
      method: request.method ?? 'GET',
      headers: request.headers as Record<string, string>,
      ...(body.length === 0 ? {} : { body }),
    })
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  servers.push(server)
  const origin = `http://${name}:${(server.address() as AddressInfo).port}`
  lab.url = `${origin}/mcp`
  lab.issuer = origin
  return lab
}

export function closeServed(): void {
  for (const server of servers) server.close()
}
