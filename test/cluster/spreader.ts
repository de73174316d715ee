// A reverse proxy as simple as they come: any request to any instance, and to another one if nobody listens there.

import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

export interface Spreader {
  /** Requests that each instance answered. */
  readonly counts: number[]
  close(): Promise<void>
}

export interface Place {
  readonly origin: string
}

export async function startSpreader(
  port: number,
  places: readonly Place[],
  random: () => number,
): Promise<Spreader> {
  const counts = places.map(() => 0)
  const agents = places.map(() => new Agent({ keepAlive: true }))
  const server = createServer(async (incoming, outgoing) => {
    const body = await readBody(incoming).catch(() => undefined)
    if (body === undefined) return void outgoing.destroy()
    const first = Math.floor(random() * places.length)
    tryPlaces(
      incoming,
      body,
      outgoing,
      places.map((_, offset) => (first + offset) % places.length),
    )
  })

  function tryPlaces(
    incoming: IncomingMessage,
    body: Buffer,
    outgoing: ServerResponse,
    order: readonly number[],
  ): void {
    const [index, ...others] = order
    const place = index === undefined ? undefined : places[index]
    if (index === undefined || place === undefined) {
      outgoing.writeHead(502, { 'content-type': 'text/plain' }).end('no instance listens')
      return
    }
    const { hostname, port: own } = new URL(place.origin)
    const passed = request({
      hostname,
      port: own,
      agent: agents[index],
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
    })
    passed.on('response', (answer) => {
      counts[index] = (counts[index] ?? 0) + 1
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
      answer.on('error', () => outgoing.destroy())
    })
    passed.on('error', (error: NodeJS.ErrnoException) => {
      // Only where nothing was sent: what may have been done is not done twice by a proxy.
      if (error.code === 'ECONNREFUSED') tryPlaces(incoming, body, outgoing, others)
      else outgoing.destroy()
    })
    outgoing.on('close', () => passed.destroy())
    passed.end(body)
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    counts,
    close() {
      for (const agent of agents) agent.destroy()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of incoming) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
