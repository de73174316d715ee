// A loopback proxy that adds one Authorization header and changes nothing else, for testers that send no token.
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface BearerRelay {
  /** The target's path on the relay's own port. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Host and Origin pass as they came, so that the target judges what the tester sent: the relay's own port, or a
 * foreign host. Bodies stream both ways, and an end that hangs up ends the other.
 */
export async function startBearerRelay(options: { target: string; token: string }): Promise<BearerRelay> {
  const target = new URL(options.target)
  const http = createServer((request, response) => relay(request, response, target, options.token))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    async close() {
      http.closeAllConnections()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
}

function relay(request: IncomingMessage, response: ServerResponse, target: URL, token: string): void {
  const outgoing = httpRequest({
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port: target.port,
    method: request.method,
    path: request.url,
    // rawHeaders keep the order, the case and the repetitions.
    headers: [...withoutAuthorization(request.rawHeaders), 'Authorization', `Bearer ${token}`],
    setHost: false,
  })
  outgoing.on('response', (incoming) => {
    response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, incoming.rawHeaders)
    response.flushHeaders()
    incoming.pipe(response)
    incoming.on('error', () => response.destroy())
  })
  outgoing.on('error', () => response.destroy())
  response.on('close', () => outgoing.destroy())
  request.pipe(outgoing)
}

function withoutAuthorization(rawHeaders: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    if (name.toLowerCase() !== 'authorization') kept.push(name, value)
  }
  return kept
}
