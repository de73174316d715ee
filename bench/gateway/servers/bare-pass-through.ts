/** node:http in front and behind, and nothing between: `bare-pass-through.ts PORT UPSTREAM`. */

import { Agent, createServer, request } from 'node:http'

const [port, upstream = ''] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true })

createServer((incoming, outgoing) => {
  const { host, ...headers } = incoming.headers
  const sent = request(upstream, { method: incoming.method, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  outgoing.once('close', () => sent.destroy())
  sent.once('error', () => outgoing.destroy())
  incoming.pipe(sent)
}).listen(Number(port), '127.0.0.1')
