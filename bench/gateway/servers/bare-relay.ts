/** What is left of a gateway when everything is taken away: node:http in front, an undici pool behind: `bare-relay.ts PORT UPSTREAM`. */

import { createServer } from 'node:http'
import { Pool } from 'undici'

const [port, upstream = ''] = process.argv.slice(2)
const { origin, pathname } = new URL(upstream)
const pool = new Pool(origin, { connections: 64 })

createServer((request, response) => {
  if (request.method !== 'POST') {
    response.end('up')
    return
  }
  const { authorization, host, connection, ...headers } = request.headers
  pool
    .stream({ path: pathname, method: 'POST', headers, body: request }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers as Record<string, string>)
      return response
    })
    .catch((error: unknown) => response.destroy(error as Error))
}).listen(Number(port), '127.0.0.1')
