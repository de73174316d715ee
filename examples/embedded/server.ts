// A connector inside your own program: an MCP server of the official SDK behind Postern, in one process and on one port.

import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import {
  createLocalUser,
  createPostern,
  inProcessUpstream,
  localAccounts,
  readOrCreateMasterKey,
  sqliteStorage,
  startServer,
} from 'postern/node'
import { z } from 'zod'

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'dice', version: '1.0.0' })
  server.registerTool(
    'roll',
    {
      title: 'Roll a die',
      description: 'Rolls one die with the given number of sides.',
      inputSchema: z.object({ sides: z.number().int().min(2).max(1000) }),
      annotations: { readOnlyHint: true },
    },
    ({ sides }) => ({ content: [{ type: 'text', text: String(1 + Math.floor(Math.random() * sides)) }] }),
  )
  return server
})

const port = Number(process.env.PORT ?? 8787)
const storage = sqliteStorage({ path: process.env.DATABASE ?? '.postern/dice.db' })

const postern = createPostern({
  publicUrl: process.env.PUBLIC_URL ?? `http://localhost:${port}`,
  connector: { name: 'Dice', upstream: inProcessUpstream({ handler: (request) => handler.fetch(request) }) },
  storage,
  masterKey: await readOrCreateMasterKey(process.env.MASTER_KEY_FILE ?? '.postern/dice.key'),
  identity: localAccounts({ storage }),
})

// Your own sign-in takes this place; an account for a first try is enough here.
if (process.env.FIRST_PASSWORD !== undefined) {
  await createLocalUser(
    { storage },
    { username: 'me', displayName: 'Me', password: process.env.FIRST_PASSWORD, role: 'admin' },
  )
}

const server = await startServer({ fetch: postern.fetch, port })
console.log(`Add ${postern.connectorUrl} to Claude.`)

process.once('SIGTERM', async () => {
  await server.close()
  await postern.close()
  await storage.close()
})
