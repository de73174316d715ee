/** oidc-provider on SQLite: the adapter that its documentation describes (docs/README.md, "adapter"), and an interaction that approves by itself. */

import Provider, { errors, interactionPolicy } from 'oidc-provider'
import { openDatabase, origin, serve } from './serve.mjs'

const database = openDatabase()
database.exec(`CREATE TABLE IF NOT EXISTS records (
  model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, grant_id TEXT, uid TEXT,
  expires_at INTEGER, consumed_at INTEGER, PRIMARY KEY (model, id)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS records_by_grant ON records (grant_id);
  CREATE INDEX IF NOT EXISTS records_by_uid ON records (model, uid)`)
const upsert = database.prepare(`INSERT INTO records (model, id, payload, grant_id, uid, expires_at)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (model, id) DO UPDATE SET
  payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, expires_at = excluded.expires_at`)
const find = database.prepare(
  'SELECT payload, expires_at, consumed_at FROM records WHERE model = ? AND id = ?',
)
const findByUid = database.prepare(
  'SELECT payload, expires_at, consumed_at FROM records WHERE model = ? AND uid = ?',
)
const consume = database.prepare('UPDATE records SET consumed_at = ? WHERE model = ? AND id = ?')
const destroy = database.prepare('DELETE FROM records WHERE model = ? AND id = ?')
const revoke = database.prepare('DELETE FROM records WHERE grant_id = ?')

const now = () => Math.floor(Date.now() / 1000)
const read = (row) => {
  if (row === undefined || (row.expires_at !== null && row.expires_at <= now())) return undefined
  return { ...JSON.parse(row.payload), ...(row.consumed_at === null ? {} : { consumed: row.consumed_at }) }
}

class SqliteAdapter {
  constructor(model) {
    this.model = model
  }
  async upsert(id, payload, expiresIn) {
    const expiresAt = expiresIn === undefined ? null : now() + expiresIn
    upsert.run(
      this.model,
      id,
      JSON.stringify(payload),
      payload.grantId ?? null,
      payload.uid ?? null,
      expiresAt,
    )
  }
  async find(id) {
    return read(find.get(this.model, id))
  }
  async findByUid(uid) {
    return read(findByUid.get(this.model, uid))
  }
  async findByUserCode() {
    return undefined
  }
  async consume(id) {
    consume.run(now(), this.model, id)
  }
  async destroy(id) {
    destroy.run(this.model, id)
  }
  async revokeByGrantId(grantId) {
    revoke.run(grantId)
  }
}

const resource = `${origin}/mcp`
const scopes = 'read write'
const provider = new Provider(origin, {
  adapter: SqliteAdapter,
  cookies: { keys: ['only on this machine'] },
  clientDefaults: { grant_types: ['authorization_code', 'refresh_token'] },
  scopes: ['offline_access', 'read', 'write'],
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo(_context, asked) {
        if (asked !== resource) throw new errors.InvalidTarget()
        return { scope: scopes, audience: resource, accessTokenFormat: 'opaque', accessTokenTTL: 3600 }
      },
    },
  },
  interactions: { policy: interactionPolicy.base(), url: (_context, { uid }) => `/interaction/${uid}` },
  // Whoever registered for refresh tokens gets them, as Claude's clients need.
  issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
})

/** Signs in and approves whatever was asked for. */
async function interact(request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'ada' } })
  }
  const grant =
    grantId === undefined
      ? new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
      : await provider.Grant.find(grantId)
  grant.addOIDCScope(String(params.scope))
  grant.addResourceScope(resource, scopes)
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}

const answer = provider.callback()
serve((request, response) => {
  if (request.url?.startsWith('/interaction/')) {
    interact(request, response).catch((error) => response.writeHead(500).end(String(error)))
  } else {
    answer(request, response)
  }
})
