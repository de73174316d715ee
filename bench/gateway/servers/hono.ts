/** A bare Hono handler with a table of tokens: `hono.ts PORT TOKEN`. */

import { createHash } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { answer } from './function.ts'

const [port, token = ''] = process.argv.slice(2)
const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url')
const tokens = new Map([[hashOf(token), { clientId: 'bench', expiresAt: Date.now() + 3_600_000 }]])

const app = new Hono()
app.get('/', (context) => context.text('up'))
app.post('/mcp', async (context) => {
  const given = context.req.header('authorization')?.slice('Bearer '.length)
  const found = given === undefined ? undefined : tokens.get(hashOf(given))
  if (found === undefined || found.expiresAt < Date.now())
    return context.json({ error: 'invalid_token' }, 401)
  const answered = answer(await context.req.json())
  return answered === undefined ? context.body(null, 202) : context.json(answered)
})
serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' })
