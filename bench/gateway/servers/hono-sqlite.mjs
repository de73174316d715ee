/** What any program of this kind does at least: opens its database and answers: `hono-sqlite.mjs PORT DIRECTORY`. */

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const [port, directory = ''] = process.argv.slice(2)
const database = new DatabaseSync(join(directory, 'records.db'))
database.exec(
  'PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, value TEXT)',
)
const app = new Hono()
app.get('/healthz', (context) => context.json({ status: 'ok' }))
serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' })
