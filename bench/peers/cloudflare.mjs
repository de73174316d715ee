/** @cloudflare/workers-oauth-provider outside of Workers, on a stand-in for KV that is consistent and durable, which KV is not: one row for each key. */

import { registerHooks } from 'node:module'
import { getRequestListener } from '@hono/node-server'
import { openDatabase, origin, serve } from './serve.mjs'

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cloudflare:workers'
      ? { url: 'data:text/javascript,export class WorkerEntrypoint {}', shortCircuit: true }
      : next(specifier, context),
})
const { OAuthAuthorizationServer } = await import('@cloudflare/workers-oauth-provider')

const database = openDatabase()
database.exec(`CREATE TABLE IF NOT EXISTS kv (
  key TEXT PRIMARY KEY, value TEXT NOT NULL, metadata TEXT, expires_at INTEGER) WITHOUT ROWID`)
const select = database.prepare('SELECT value, metadata, expires_at FROM kv WHERE key = ?')
const upsert = database.prepare(
  'INSERT OR REPLACE INTO kv (key, value, metadata, expires_at) VALUES (?, ?, ?, ?)',
)
const remove = database.prepare('DELETE FROM kv WHERE key = ?')
const list = database.prepare(
  'SELECT key AS name, metadata FROM kv WHERE key >= ? AND key < ? ORDER BY key LIMIT 1000',
)

const now = () => Math.floor(Date.now() / 1000)
const kv = {
  async get(key, options) {
    const row = select.get(key)
    if (row === undefined || (row.expires_at !== null && row.expires_at <= now())) return null
    return options?.type === 'json' || options === 'json' ? JSON.parse(row.value) : row.value
  },
  async put(key, value, { expirationTtl, expiration, metadata } = {}) {
    const expiresAt = expiration ?? (expirationTtl === undefined ? null : now() + expirationTtl)
    upsert.run(key, value, metadata === undefined ? null : JSON.stringify(metadata), expiresAt)
  },
  async delete(key) {
    remove.run(key)
  },
  async list({ prefix = '' } = {}) {
    const keys = list.all(prefix, `${prefix}\u{10ffff}`)
    return {
      keys: keys.map(({ name, metadata }) => ({
        name,
        metadata: metadata === null ? undefined : JSON.parse(metadata),
      })),
      list_complete: true,
    }
  },
}

const env = { OAUTH_KV: kv }
const server = new OAuthAuthorizationServer({
  issuer: origin,
  resources: [`${origin}/mcp`],
  scopesSupported: ['read', 'write', 'offline_access'],
  clientRegistrationEndpoint: '/oauth/register',
  onError: () => undefined,
})
const context = { waitUntil: (promise) => void promise, passThroughOnException() {}, props: {} }

/** Approves by itself, each time for another person, so that none has many grants to look through. */
async function authorize(request) {
  const oauth = server.getOAuthApi(env)
  const asked = await oauth.parseAuthRequest(request)
  const { redirectTo } = await oauth.completeAuthorization({
    request: asked,
    userId: crypto.randomUUID(),
    metadata: {},
    scope: asked.scope,
    props: { userId: 'ada' },
  })
  return new Response(null, { status: 302, headers: { location: redirectTo } })
}

serve(
  getRequestListener((request) =>
    new URL(request.url).pathname === '/authorize' ? authorize(request) : server.fetch(request, env, context),
  ),
)
