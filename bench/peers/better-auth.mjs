/** better-auth's MCP plugin on SQLite: `database: new DatabaseSync(…)`, as https://better-auth.com/docs/adapters/sqlite prints it, and a consent page that approves by itself. */

import { mcp } from '@better-auth/mcp'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'
import { openDatabase, origin, serve } from './serve.mjs'

const options = {
  baseURL: origin,
  secret: 'only on this machine, and long enough to be taken',
  database: openDatabase(),
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  logger: { level: 'error' },
  plugins: [
    jwt(),
    mcp({
      loginPage: '/login',
      consentPage: '/consent',
      resource: `${origin}/mcp`,
      scopes: ['read', 'write', 'offline_access'],
      allowDynamicClientRegistration: true,
      allowUnauthenticatedClientRegistration: true,
    }),
  ],
}
const { runMigrations } = await getMigrations(options)
await runMigrations()
const auth = betterAuth(options)
const person = { email: 'ada@example.com', password: 'analytical engine 1843', name: 'Ada' }
const signedUp = await auth.api.signUpEmail({ body: person, asResponse: true })
const cookie = signedUp.headers
  .getSetCookie()
  .map((line) => line.split(';')[0])
  .join('; ')

const answer = toNodeHandler(auth)
serve(async (request, response) => {
  const url = new URL(request.url ?? '/', origin)
  // One browser that is signed in, goes from page to page, and approves; the client's own requests carry no cookie.
  if (url.pathname.endsWith('/oauth2/authorize'))
    Object.assign(request.headers, { cookie, 'sec-fetch-mode': 'navigate' })
  if (url.pathname !== '/consent') return answer(request, response)
  const consent = await auth.handler(
    new Request(`${origin}/api/auth/oauth2/consent`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, origin },
      body: JSON.stringify({ accept: true, oauth_query: url.search.slice(1) }),
    }),
  )
  const body = await consent.json()
  const location = body.redirect_uri ?? body.url ?? body.redirectURI
  if (location === undefined) return response.writeHead(500).end(JSON.stringify(body))
  return response.writeHead(303, { location }).end()
})
