/** A bare server of event streams: `bare-sse.ts PORT`. Answers POST as an MCP server would that has streams. */

import { createServer } from 'node:http'
import { answer } from './function.ts'

const [port] = process.argv.slice(2)

createServer((request, response) => {
  if (request.method === 'GET') {
    const isStream = request.headers.accept === 'text/event-stream'
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'text/plain' })
    if (isStream) response.write(': open\n\n')
    else response.end('up')
    return
  }
  if (request.method !== 'POST') {
    response.writeHead(204).end()
    return
  }
  let text = ''
  request.on('data', (bytes) => {
    text += String(bytes)
  })
  request.on('end', () => {
    const answered = answer(JSON.parse(text))
    const headers = { 'content-type': 'application/json', 'mcp-session-id': 'bench-session' }
    response.writeHead(answered === undefined ? 202 : 200, headers)
    response.end(answered === undefined ? undefined : JSON.stringify(answered))
  })
}).listen(Number(port), '127.0.0.1')
