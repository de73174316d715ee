/** The official SDK v2 as its documentation sets it up: createMcpHandler behind requireBearerAuth, on node:http: `sdk-v2.mjs PORT TOKEN`. */

import { createServer } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer, requireBearerAuth } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { add } from './function.ts'

const [port, token] = process.argv.slice(2)

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'bench', version: '1' })
  const inputSchema = z.object({ a: z.number(), b: z.number() })
  server.registerTool(add.name, { description: add.description, inputSchema }, ({ a, b }) => ({
    content: [{ type: 'text', text: String(a + b) }],
  }))
  return server
})
const authorize = requireBearerAuth({
  verifier: {
    async verifyAccessToken(given) {
      if (given !== token) throw new Error('unknown token')
      return { token: given, clientId: 'bench', scopes: [], expiresAt: Math.floor(Date.now() / 1000) + 3600 }
    },
  },
})
const answer = toNodeHandler({
  async fetch(request) {
    const authInfo = await authorize(request)
    return authInfo instanceof Response ? authInfo : handler.fetch(request, { authInfo })
  },
})
createServer((request, response) => void answer(request, response)).listen(Number(port), '127.0.0.1')
