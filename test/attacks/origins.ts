// Names that a request gives us (Host, Origin, forwarded headers), what other sites may read, and what a cache may keep.

import { account, authorizeUrl, callMcp, type Door, pkce, readForm } from '../door.ts'
import { anyOf, obtainCode, redeem, registerClaude } from './adversary.ts'
import { type Attack, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const app = 'app/'
const server = 'authorization-server/'
const gateway = 'gateway/'
const identity = 'identity/'

const wellKnown = '/.well-known/oauth-authorization-server'
const hostJudged = without(app, 'isProbe || rooms.allowedHosts(', 'true || rooms.allowedHosts(')
const originJudged = without(gateway, 'if (origin === null || allowedOrigins(origin)) return', 'return')
const mcpHostJudged = without(gateway, 'if (allowedHosts(host)) return', 'return')

/** A door on this machine at which nobody signs in. */
function openLocalDoor(house: House): Promise<Door> {
  const upstream = house.inProcessUpstream({
    handler: async () => Response.json({ jsonrpc: '2.0', id: 1, result: { content: [] } }),
  })
  return house.openDoor({ connector: { name: 'Notes', upstream, access: 'none' } })
}

/** Whether a page of somebody else gets a tool called. */
async function callsTool(house: House, headers: Record<string, string>): Promise<boolean> {
  const door = await openLocalDoor(house)
  const call = { id: 1, method: 'tools/call', params: { name: 'erase' } }
  return (await callMcp(door, undefined, call, headers)).status === 200
}

const hosts: readonly Attack[] = [
  {
    name: '[R9700-02] a Host header that becomes the issuer in the metadata',
    source: 'RFC 9700 §4.13, CWE-644',
    guard: without(
      app,
      'const metadata = (): Response => publicJson(server.metadata)',
      `const metadata = (request: Request): Response =>
         publicJson(JSON.parse(JSON.stringify(server.metadata).replaceAll(rooms.issuer, 'https://' + request.headers.get('host'))))`,
    ),
    alsoNeeds: [hostJudged],
    async run(door) {
      const response = await door.fetch(wellKnown, { headers: { host: 'evil.example' } })
      return succeededIf((await response.text()).includes('https://evil.example'))
    },
  },
  {
    name: '[R9700-02] a forwarded header that becomes the issuer in the metadata',
    source: 'RFC 9700 §4.13, house rule 12 (forwarded headers)',
    guard: without(
      app,
      'const metadata = (): Response => publicJson(server.metadata)',
      `const metadata = (request: Request): Response =>
         publicJson(JSON.parse(JSON.stringify(server.metadata).replaceAll(rooms.issuer, 'https://' + (request.headers.get('x-forwarded-host') ?? ''))))`,
    ),
    async run(door) {
      const headers = {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.example',
      }
      return succeededIf((await (await door.fetch(wellKnown, { headers })).text()).includes('evil.example'))
    },
  },
  {
    name: '[R9700-02] a forwarded header that becomes the address of the metadata in a challenge',
    source: 'RFC 9728 §7, RFC 9700 §4.13',
    guard: without(
      gateway,
      'return protectedResourceMetadataUrl(spelled(resource, new URL(request.url)))',
      "return protectedResourceMetadataUrl(spelled(resource, new URL(request.url))).replace(new URL(resource).host, request.headers.get('x-forwarded-host') ?? new URL(resource).host)",
    ),
    async run(door) {
      const headers = { 'x-forwarded-host': 'evil.example', 'x-original-host': 'evil.example' }
      const response = await callMcp(door, undefined, { id: 1, method: 'ping' }, headers)
      return succeededIf((response.headers.get('www-authenticate') ?? '').includes('evil.example'))
    },
  },
  {
    name: '[HS-12] a page that rebinds its own name to this machine, and reads our pages',
    source: 'house rule 12 (DNS rebinding)',
    guard: hostJudged,
    run: async (_, house) => {
      const { door } = await house.openNewDoor()
      return succeededIf(
        (await door.fetch('/setup', { headers: { host: 'evil.example:8787' } })).status === 200,
      )
    },
  },
  {
    name: '[HS-12] a page that rebinds its own name to this machine, and calls tools',
    source: 'MCP 2025-11-25 transports (DNS rebinding), CVE-2025-66414',
    guard: mcpHostJudged,
    alsoNeeds: [originJudged],
    run: async (_, house) =>
      succeededIf(await callsTool(house, { host: 'evil.example:8787', origin: 'http://evil.example:8787' })),
  },
  {
    name: '[HS-12] a host that begins like this machine',
    source: 'house rule 12 (DNS rebinding)',
    guard: without(
      app,
      'return url !== undefined && url.host === host.toLowerCase() && isLoopbackHost(url.hostname)',
      "return host.startsWith('localhost') || host.startsWith('127.0.0.1')",
    ),
    run: async (door) =>
      succeededIf(
        await anyOf(
          [
            'localhost.evil.example:8787',
            '127.0.0.1.evil.example',
            'localhost:8787@evil.example',
            'localhost:8787/evil',
          ],
          async (host) => (await door.fetch(wellKnown, { headers: { host } })).status === 200,
        ),
      ),
  },
  {
    name: '[HS-12] a program on the server that says localhost to a public door',
    source: 'house rule 12 ("loopback is no credential")',
    guard: without(app, 'options.allowLoopbackHosts ?? isLoopbackHost(ours.hostname)', 'true'),
    async run(_, house) {
      const door = await house.openDoor({ publicUrl: 'https://mcp.example.com' })
      return succeededIf(
        (await door.fetch(wellKnown, { headers: { host: 'localhost:8787' } })).status === 200,
      )
    },
  },
]

const origins: readonly Attack[] = [
  {
    name: '[HS-17] a site that calls the tools of a local door through its visitor',
    source: 'MCP 2025-11-25 transports (Origin), CVE-2025-49596',
    guard: originJudged,
    run: async (_, house) => succeededIf(await callsTool(house, { origin: 'https://evil.example' })),
  },
  {
    name: '[HS-17] a sandboxed frame or a file, whose origin is null',
    source: 'RFC 6454 §7.3; MCP 2025-11-25 transports (Origin)',
    guard: without(gateway, 'if (origin === null ||', "if (origin === null || origin === 'null' ||"),
    run: async (_, house) => succeededIf(await callsTool(house, { origin: 'null' })),
  },
  {
    name: '[HS-17] origins that begin or end like one that may call',
    source: 'house rule 17; PortSwigger CORS; RFC 6454 §4',
    guard: without(
      app,
      'return named.has(origin) || (url !== undefined && isLoopbackHost(url.hostname))',
      "return url !== undefined && (/^https?:..(?:claude.ai|localhost|127.0.0.1)/.test(origin) || origin.endsWith('claude.ai'))",
    ),
    run: async (_, house) =>
      succeededIf(
        await anyOf(
          [
            'https://claude.ai.evil.example',
            'https://evil-claude.ai',
            'http://localhost.evil.example',
            'http://127.0.0.1.evil.example',
            'https://claudexai',
          ],
          (origin) => callsTool(house, { origin }),
        ),
      ),
  },
  {
    name: 'a form of another site, which no browser asks about before it is sent',
    source: 'Fetch standard (CORS-safelisted request headers); GHSA-89xv-2j6f-qhc8',
    guard: without(gateway, "if (isFormType(request.headers.get('content-type')))", 'if (false)'),
    run: async (_, house) =>
      succeededIf(
        await anyOf(
          [
            'text/plain',
            'Text/Plain;charset=utf-8',
            'application/x-www-form-urlencoded',
            'multipart/form-data; boundary=x',
          ],
          (type) => callsTool(house, { 'content-type': type }),
        ),
      ),
  },
]

const readers: readonly Attack[] = [
  {
    name: '[OA21-05] another site that reads our pages with the cookies of its visitor',
    source: 'OAuth 2.1 §3.1 (no CORS), Fetch standard',
    guard: without(
      app,
      "return route.audience === 'machine' ? withCors(response) : response",
      'return withCors(response)',
    ),
    async run(door) {
      const headers = { origin: 'https://evil.example' }
      const link = authorizeUrl(door, await registerClaude(door), pkce().challenge)
      const pages = await Promise.all(['/', '/login', link].map((path) => door.fetch(path, { headers })))
      return succeededIf(pages.some((page) => page.headers.has('access-control-allow-origin')))
    },
  },
  {
    name: '[OA21-05] another site that asks whether it may call authorize',
    source: 'OAuth 2.1 §3.1 (no CORS)',
    guard: without(app, 'if (candidates !== undefined && allowed.length === 0)', 'if (false)'),
    async run(door) {
      const preflight = await door.fetch('/oauth/authorize', {
        method: 'OPTIONS',
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
      })
      return succeededIf(preflight.headers.has('access-control-allow-origin'))
    },
  },
  {
    name: 'another site that calls the token endpoint with credentials of the browser',
    source: 'Fetch standard (credentials); RFC 9700 §2.6',
    guard: without(
      app,
      "const corsHeaders: Readonly<Record<string, string>> = { 'access-control-allow-origin': '*',",
      "const corsHeaders: Readonly<Record<string, string>> = { 'access-control-allow-credentials': 'true', 'access-control-allow-origin': '*',",
    ),
    async run(door) {
      const headers = { origin: 'https://evil.example' }
      const answers = await Promise.all([
        door.fetch('/oauth/token', { method: 'POST', headers }),
        door.fetch('/oauth/token', { method: 'OPTIONS', headers }),
        door.fetch('/mcp', { method: 'OPTIONS', headers }),
        callMcp(door, undefined, { id: 1, method: 'ping' }),
      ])
      return succeededIf(
        answers.some((answer) => answer.headers.get('access-control-allow-credentials') === 'true'),
      )
    },
  },
]

function mayBeKept(response: { headers: Headers }): boolean {
  return !(response.headers.get('cache-control') ?? '').includes('no-store')
}

const machineAnswersUncached = without(server, "'cache-control': 'no-store',")

const caches: readonly Attack[] = [
  {
    name: '[OA21-12] [R6749-03] tokens in the cache of a proxy',
    source: 'RFC 6749 §5.1, OAuth 2.1 §3.2.3',
    guard: machineAnswersUncached,
    run: async (door) => succeededIf(mayBeKept(await redeem(door, await obtainCode(door)))),
  },
  {
    name: 'a client secret in the cache of a proxy',
    source: 'RFC 7591 §3.2.1',
    guard: machineAnswersUncached,
    async run(door) {
      const response = await door.fetch('/oauth/register', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: ['https://a.example/cb'] }),
      })
      return succeededIf((await response.text()).includes('client_secret') && mayBeKept(response))
    },
  },
  {
    name: 'a redirect with a code in the history of a cache',
    source: 'RFC 9111 §5.2.2.5',
    guard: without(server, "headers: { location, 'cache-control': 'no-store' }", 'headers: { location }'),
    async run(door) {
      const browser = door.browser()
      const { action, fields } = await browser.openConsent(
        authorizeUrl(door, await registerClaude(door), pkce().challenge),
      )
      fields.set('decision', 'approve')
      const answer = await browser.post(action, fields)
      return succeededIf(answer.status === 303 && mayBeKept(answer))
    },
  },
  {
    name: 'a challenge kept by a cache and given to whoever has a token',
    source: 'RFC 9111 §3.5, RFC 6750 §3',
    guard: without(
      gateway,
      "'www-authenticate': formatBearerChallenge(challenge), 'cache-control': 'no-store'",
      "'www-authenticate': formatBearerChallenge(challenge)",
    ),
    run: async (door) => succeededIf(mayBeKept(await callMcp(door, undefined, { id: 1, method: 'ping' }))),
  },
  {
    name: '[OA21-23] a password that the browser sends on to the next address',
    source: 'RFC 9700 §4.12 (307)',
    guard: without(
      identity,
      'return new Response(null, { status: 303, headers })',
      'return new Response(null, { status: 307, headers })',
    ),
    async run(door) {
      const browser = door.browser()
      const { action, fields } = readForm(await (await browser.get('/login')).text())
      for (const [name, value] of Object.entries(account)) fields.set(name, value)
      const { status } = await browser.post(action, fields)
      return succeededIf(status === 307 || status === 308)
    },
  },
]

export const originAttacks: readonly Attack[] = [...hosts, ...origins, ...readers, ...caches]
