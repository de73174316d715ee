/** The official SDK v1 as its examples set it up: express, requireBearerAuth, and a transport that is kept or made anew: `sdk-v1.mjs PORT TOKEN kept|stateless`. */

import { randomUUID } from 'node:crypto'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express from 'express'
import { z } from 'zod'
import { add } from './function.ts'

const [port, token, mode] = process.argv.slice(2)

function createServer() {
  const server = new McpServer({ name: 'bench', version: '1' })
  const inputSchema = { a: z.number(), b: z.number() }
  server.registerTool(add.name, { description: add.description, inputSchema }, ({ a, b }) => ({
    content: [{ type: 'text', text: String(a + b) }],
  }))
  return server
}

const app = express()
app.get('/', (_, response) => void response.send('up'))
app.use(express.json())
app.use(
  '/mcp',
  requireBearerAuth({
    verifier: {
      async verifyAccessToken(given) {
        if (given !== token) throw new Error('unknown token')
        return {
          token: given,
          clientId: 'bench',
          scopes: [],
          expiresAt: Math.floor(Date.now() / 1000) + 3600,
        }
      },
    },
  }),
)

const kept = new Map()

app.post('/mcp', async (request, response) => {
  if (mode === 'stateless') {
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    const server = createServer()
    response.on('close', () => void transport.close().then(() => server.close()))
    await server.connect(transport)
    await transport.handleRequest(request, response, request.body)
    return
  }
  const known = kept.get(request.header('mcp-session-id') ?? '')
  if (known !== undefined) return known.handleRequest(request, response, request.body)
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    enableJsonResponse: true,
    onsessioninitialized: (id) => void kept.set(id, transport),
  })
  await createServer().connect(transport)
  await transport.handleRequest(request, response, request.body)
})
app.listen(Number(port), '127.0.0.1')
