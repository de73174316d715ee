// Attempts to connect that stop, one for every diagnosis, and beside each one that goes as it should.

import { expect } from 'vitest'
import type { PosternOptions } from '../../src/app/postern.ts'
import { stdioUpstream } from '../../src/gateway/upstreams/stdio.ts'
import { streamableHttpUpstream } from '../../src/gateway/upstreams/streamable-http.ts'
import { OutboundError } from '../../src/platform/outbound-fetch.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { StorageError } from '../../src/storage/storage-error.ts'
import { account, callMcp, claudeCallback, type Door, openDoor, readForm, token } from '../door.ts'
import { prove } from '../proof.ts'
import { signingKey } from '../signing-key.ts'
import {
  approve,
  authorize,
  type Begun,
  begin,
  beginAs,
  call,
  callTool,
  claudeCode,
  claudeUser,
  connectAsClaude,
  exchange,
  httpx,
  initialize,
  listTools,
  probe,
  readMetadata,
  refresh,
  registerClaude,
  tokensOf,
} from './attempt.ts'

export interface Scenario {
  options?: () => Partial<PosternOptions>
  /** Ends where the diagnosis says. */
  stops(door: Door): Promise<unknown>
  /** As near to it as an attempt can come that is well; a plain good connection if left out. */
  good?(door: Door): Promise<unknown>
  /** What passes before somebody looks. */
  laterSeconds?: number
}

const minute = 61
const halfAnHour = 1801

/** An upstream that answers like this, and gives up when its caller does. */
function upstreamThat(
  answers: (request: Request) => Promise<Response> | Response,
): () => Partial<PosternOptions> {
  return () => ({
    connector: {
      name: 'Notes',
      upstream: streamableHttpUpstream({
        url: 'http://upstream.example/mcp',
        fetch: (input, init) => {
          const request = new Request(input, init)
          const aborted = new Promise<never>((_, reject) => {
            request.signal.addEventListener('abort', () => reject(request.signal.reason), { once: true })
          })
          return Promise.race([answers(request), aborted])
        },
        limits: { callDeadlineMs: 50, openDeadlineMs: 50 },
      }),
    },
  })
}

const cutStream = (): Response => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('event: message\ndata: {"jsonrpc":"2.0","met'))
      controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const callsTwice = async (door: Door): Promise<void> => {
  const connected = await authorize(door)
  door.clock.now++
  await call(door, connected, initialize)
  await call(door, connected, initialize)
}

const refusedToken = (changes: Record<string, string | undefined>): Scenario => ({
  async stops(door) {
    const begun = await begin(door)
    await exchange(door, begun, await approve(door, begun), changes)
  },
  async good(door) {
    const begun = await begin(door)
    const code = await approve(door, begun)
    await exchange(door, begun, code, changes)
    door.clock.now++
    await call(door, tokensOf(begun.clientId, await exchange(door, begun, code)), listTools)
  },
})

export const scenarios: Readonly<Record<string, Scenario>> = {
  'refresh-token-reused': {
    async stops(door) {
      const first = await connectAsClaude(door)
      const second = tokensOf(first.clientId, await refresh(door, first))
      await call(door, second, listTools)
      door.clock.now += 120
      await refresh(door, first)
    },
    async good(door) {
      const first = await connectAsClaude(door)
      await refresh(door, first)
      await refresh(door, first)
    },
  },
  'refresh-token-of-another-client': {
    async stops(door) {
      const connected = await connectAsClaude(door)
      door.clock.now++
      const other = await registerClaude(door)
      await refresh(door, connected, { client_id: String(other.client_id) })
    },
    async good(door) {
      const connected = await connectAsClaude(door)
      door.clock.now++
      const other = await registerClaude(door)
      await refresh(door, connected, { client_id: String(other.client_id) })
      door.clock.now++
      await refresh(door, connected)
    },
  },
  'refresh-token-dead': {
    async stops(door) {
      const connected = await connectAsClaude(door)
      const [grant] = await door.storage.listGrants({}, 1)
      await door.storage.revokeGrant(grant?.grantId ?? '', door.clock.now, 'revoked by the operator')
      door.clock.now++
      await refresh(door, connected)
    },
    async good(door) {
      const connected = await connectAsClaude(door)
      door.clock.now += 3000
      await refresh(door, connected)
    },
  },
  'never-refreshed': {
    laterSeconds: minute,
    async stops(door) {
      const connected = await connectAsClaude(door)
      door.clock.now += 3601
      expect((await call(door, connected, listTools)).status).toBe(401)
    },
    async good(door) {
      const connected = await connectAsClaude(door)
      door.clock.now += 3601
      expect((await call(door, connected, listTools)).status).toBe(401)
      await refresh(door, connected)
    },
  },
  'session-lost-again-and-again': {
    async stops(door) {
      const connected = await connectAsClaude(door)
      const session = await endedSession(door, connected)
      door.clock.now++
      for (let times = 0; times < 3; times++) await call(door, connected, listTools, session)
    },
    async good(door) {
      const connected = await connectAsClaude(door)
      const session = await endedSession(door, connected)
      door.clock.now++
      await call(door, connected, listTools, session)
      door.clock.now++
      await call(door, connected, initialize)
    },
  },
  'upstream-not-started': {
    options: () => ({
      connector: {
        name: 'Notes',
        upstream: stdioUpstream({
          command: ['/no/such/program'],
          cwd: '/',
          env: {},
          environment: {},
        }),
      },
    }),
    stops: callsTwice,
  },
  'upstream-late': {
    options: upstreamThat(() => new Promise<Response>(() => {})),
    stops: callsTwice,
  },
  'upstream-broke-off': {
    options: upstreamThat(cutStream),
    stops: callsTwice,
  },
  'upstream-refused-postern': {
    options: upstreamThat(() => new Response(null, { status: 401 })),
    stops: callsTwice,
  },
  'upstream-redirects': {
    options: upstreamThat(() => new Response(null, { status: 301, headers: { location: '/mcp/' } })),
    stops: callsTwice,
  },
  'upstream-does-not-speak-mcp': {
    options: upstreamThat(
      () => new Response('<html>Notes</html>', { headers: { 'content-type': 'text/html' } }),
    ),
    stops: callsTwice,
  },
  'upstream-fails': {
    options: upstreamThat(() => new Response('no', { status: 502 })),
    stops: callsTwice,
  },
  'postern-failed': {
    options: () => ({
      storage: { ...memoryStorage(), takeAuthorizationCode: () => Promise.reject(diskFull) },
    }),
    async stops(door) {
      const begun = await begin(door)
      expect((await exchange(door, begun, await approve(door, begun))).status).toBe(500)
    },
  },
  'token-of-another-resource': {
    async stops(door) {
      const connected = await authorize(door)
      const other = await openDoor({ storage: door.storage, connector: { ...otherConnector } })
      other.clock.now = door.clock.now + 1
      expect((await call(other, connected, initialize)).status).toBe(401)
      await other.postern.close()
    },
  },
  'scope-not-granted': {
    laterSeconds: minute,
    async stops(door) {
      const connected = await connectAsClaude(door, 'write')
      door.clock.now++
      expect((await call(door, connected, callTool('erase'))).status).toBe(403)
    },
    async good(door) {
      const connected = await connectAsClaude(door, 'write')
      door.clock.now++
      await call(door, connected, callTool('search'))
    },
  },
  'tools-never-listed': {
    laterSeconds: minute,
    async stops(door) {
      await call(door, await authorize(door), initialize)
    },
  },
  'authorization-header-lost': {
    laterSeconds: minute,
    async stops(door) {
      await authorize(door)
      door.clock.now++
      await probe(door)
    },
    async good(door) {
      await connectAsClaude(door)
      door.clock.now++
      await probe(door)
    },
  },
  'token-never-used': {
    laterSeconds: minute,
    stops: (door) => authorize(door),
  },
  'wrong-verifier': refusedToken({ code_verifier: 'another-verifier-that-is-long-enough-to-be-one' }),
  'redirect-changed': refusedToken({ redirect_uri: 'https://claude.com/api/mcp/auth_callback' }),
  'resource-changed': refusedToken({ resource: 'http://localhost:8787/other' }),
  'code-not-known': refusedToken({ code: 'pst_ac_unknown' }),
  'code-of-another-client': {
    async stops(door) {
      const begun = await begin(door)
      const other = await registerClaude(door)
      await exchange(door, begun, await approve(door, begun), { client_id: String(other.client_id) })
    },
    async good(door) {
      const begun = await begin(door)
      const other = await registerClaude(door)
      const code = await approve(door, begun)
      await exchange(door, begun, code, { client_id: String(other.client_id) })
      await exchange(door, begun, code)
    },
  },
  'code-expired': {
    async stops(door) {
      const begun = await begin(door)
      const code = await approve(door, begun)
      door.clock.now += 300
      await exchange(door, begun, code)
    },
    async good(door) {
      const begun = await begin(door)
      const code = await approve(door, begun)
      door.clock.now += 298
      await exchange(door, begun, code)
    },
  },
  'code-used-twice': {
    async stops(door) {
      const begun = await begin(door)
      const code = await approve(door, begun)
      await exchange(door, begun, code)
      await exchange(door, begun, code)
    },
  },
  'client-secret-wrong': {
    async stops(door) {
      const begun = await beginConfidential(door)
      await exchange(door, begun, await approve(door, begun), { client_secret: 'pst_cs_wrong' })
    },
    async good(door) {
      const begun = await beginConfidential(door)
      await exchange(door, begun, await approve(door, begun), { client_secret: begun.clientSecret })
    },
  },
  'machine-grant': {
    async stops(door) {
      const registered = await registerClaude(door)
      await token(door, { grant_type: 'client_credentials', client_id: String(registered.client_id) }, httpx)
    },
  },
  'vouching-without-client-proof': vouched({ client: 'public' }),
  'issuer-not-trusted': vouched({ claims: { iss: 'https://idp.other.example' } }),
  'issuer-keys-unreadable': vouched({ isSilent: true }),
  'assertion-refused': vouched({ claims: { aud: 'https://other.example' } }),
  'vouched-person-not-let-in': vouched({ mayJoin: false }),
  'key-not-proved': {
    async stops(door) {
      const begun = await begin(door)
      const code = await approve(door, begun)
      const key = await signingKey()
      const at = { method: 'POST', url: `${door.origin}/oauth/token`, at: door.clock.now - 3600 }
      const fields = { grant_type: 'authorization_code', code, client_id: begun.clientId }
      const proof = { ...httpx, dpop: await prove(key, at) }
      await token(door, { ...fields, code_verifier: begun.verifier, redirect_uri: claudeCallback }, proof)
    },
  },
  'token-request-not-a-form': {
    async stops(door) {
      await door.fetch('/oauth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...httpx },
        body: JSON.stringify({ grant_type: 'authorization_code' }),
      })
    },
  },
  'requests-put-off': {
    options: () => ({
      storage: { ...memoryStorage(), takeAuthorizationCode: () => Promise.reject(overloaded) },
    }),
    async stops(door) {
      const begun = await begin(door)
      const answer = await exchange(door, begun, await approve(door, begun))
      expect(answer.body.error).toBe('temporarily_unavailable')
    },
  },
  'client-forgotten': {
    async stops(door) {
      const connected = await connectAsClaude(door)
      const [client] = await door.storage.listClients(1)
      await door.storage.removeClient(client?.clientId ?? '', door.clock.now)
      door.clock.now++
      expect((await refresh(door, connected)).body.error).toBe('invalid_client')
    },
  },
  'code-never-redeemed': {
    laterSeconds: minute,
    async stops(door) {
      await approve(door, await begin(door))
    },
    async good(door) {
      const begun = await begin(door)
      const code = await approve(door, begun)
      // Claude reads the metadata once more in between.
      await readMetadata(door)
      await exchange(door, begun, code)
    },
  },
  'person-declined': {
    async stops(door) {
      const { browser, url } = await begin(door)
      const form = await browser.openConsent(url)
      form.fields.set('decision', 'deny')
      expect((await browser.post(form.action, form.fields)).status).toBe(303)
    },
  },
  'consent-not-trusted': {
    async stops(door) {
      const { browser, url } = await begin(door)
      const form = await browser.openConsent(url)
      form.fields.set('csrf', 'forged')
      expect((await browser.post(form.action, form.fields)).status).toBe(403)
    },
    async good(door) {
      const begun = await begin(door)
      const form = await begun.browser.openConsent(begun.url)
      const forged = new URLSearchParams(form.fields)
      forged.set('csrf', 'forged')
      await begun.browser.post(form.action, forged)
      form.fields.set('decision', 'approve')
      const answer = await begun.browser.post(form.action, form.fields)
      const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
      await exchange(door, begun, code)
    },
  },
  'no-account-yet': {
    async stops(door) {
      const ada = await door.storage.findUserByName(account.username)
      await door.storage.removeUser(ada?.userId ?? '', door.clock.now)
      const { browser, url } = await begin(door)
      const opened = await browser.get(url)
      const consent = await browser.get(opened.headers.get('location') ?? '')
      expect((await browser.get(consent.headers.get('location') ?? '')).status).toBe(503)
    },
  },
  'sign-in-failed': {
    laterSeconds: 200,
    async stops(door) {
      await signIn(door, await begin(door), 'not the password')
    },
    async good(door) {
      const begun = await begin(door)
      await signIn(door, begun, 'not the password')
      await signIn(door, begun, account.password)
    },
  },
  'consent-never-answered': {
    laterSeconds: halfAnHour,
    async stops(door) {
      const { browser, url } = await begin(door)
      await browser.openConsent(url)
    },
  },
  'sign-in-abandoned': {
    laterSeconds: halfAnHour,
    async stops(door) {
      const { browser, url } = await begin(door)
      await browser.get(url)
    },
  },
  'client-not-known': {
    async stops(door) {
      const begun = beginAs(door, 'lost-long-ago', { redirect_uri: 'https://other.example/callback' })
      expect((await begun.browser.get(begun.url)).status).toBe(401)
    },
    async good(door) {
      // A lost id with the callback of Claude is taken back, to ask for consent anew.
      const begun = beginAs(door, 'lost-long-ago')
      await exchange(door, begun, await approve(door, begun))
    },
  },
  'client-document-unreadable': {
    options: () => ({
      outboundFetch: () =>
        Promise.reject(new OutboundError('wrong-status', 'it answered 403 instead of 200')),
    }),
    async stops(door) {
      const { browser, url } = beginAs(door, 'https://client.example/metadata.json')
      expect((await browser.get(url)).status).toBe(401)
    },
  },
  'redirect-not-registered': {
    async stops(door) {
      const { browser, url } = await begin(door, { redirect_uri: 'https://claude.ai/other' })
      expect((await browser.get(url)).status).toBe(400)
    },
    async good(door) {
      const refused = await begin(door, { redirect_uri: 'https://claude.ai/other' })
      const begun = beginAs(door, refused.clientId)
      await exchange(door, begun, await approve(door, begun))
    },
  },
  'resource-not-served': {
    async stops(door) {
      const { browser, url } = await begin(door, { resource: 'https://elsewhere.example/mcp' })
      expect((await browser.get(url)).headers.get('location')).toContain('invalid_target')
    },
  },
  'authorization-not-supported': {
    async stops(door) {
      const { browser, url } = await begin(door, { code_challenge: undefined })
      expect((await browser.get(url)).headers.get('location')).toContain('invalid_request')
    },
  },
  'registration-redirect-refused': {
    options: () => ({ clientRules: { redirectHosts: ['claude.ai'] } }),
    async stops(door) {
      await probe(door)
      await readMetadata(door)
      const refused = [
        ['https://other.example/callback'],
        ['http://localhost/callback'],
        ['http://x.example/y'],
      ]
      for (const uris of refused) {
        expect((await registerClaude(door, { redirect_uris: uris })).error).toBe('invalid_redirect_uri')
      }
    },
    async good(door) {
      await registerClaude(door, { redirect_uris: ['http://not-loopback.example/callback'] })
      await connectAsClaude(door)
    },
  },
  'registration-not-invited': {
    options: () => ({ waysIn: { registration: 'invited' } }),
    async stops(door) {
      expect((await registerClaude(door)).error).toBe('invalid_token')
    },
  },
  'registration-metadata-refused': {
    async stops(door) {
      const headers = { 'content-type': 'application/json', ...httpx }
      await door.fetch('/oauth/register', { method: 'POST', headers, body: 'redirect_uris=a' })
    },
  },
  'registration-put-off': {
    async stops(door) {
      for (let index = 0; index <= 300; index++) {
        const answer = await registerClaude(door, {
          redirect_uris: [`https://client-${index}.example/callback`],
        })
        if (answer.error === 'too_many_requests' || answer.error === 'temporarily_unavailable') return
      }
      expect.unreachable('no registration was put off')
    },
  },
  'registration-switched-off': {
    options: () => ({ waysIn: { registration: false } }),
    async stops(door) {
      await probe(door)
      await readMetadata(door)
      await registerClaude(door)
    },
  },
  'endpoints-guessed': {
    laterSeconds: minute,
    async stops(door) {
      await probe(door)
      await registerClaude(door, {}, '/register')
    },
    async good(door) {
      await probe(door)
      const registered = await registerClaude(door, {}, '/register')
      const begun = beginAs(door, String(registered.client_id))
      await exchange(door, begun, await approve(door, begun))
    },
  },
  'registered-then-silence': {
    laterSeconds: 200,
    stops: (door) => begin(door),
  },
  'wrong-host-name': {
    async stops(door) {
      await probe(door, { ...claudeUser, host: 'tunnel.example' })
    },
  },
  'foreign-page': {
    async stops(door) {
      await probe(door, { 'user-agent': 'Mozilla/5.0', origin: 'https://elsewhere.example' })
    },
    async good(door) {
      await probe(door, { 'user-agent': 'Mozilla/5.0', origin: 'https://claude.ai' })
    },
  },
  'wrong-url': {
    laterSeconds: minute,
    async stops(door) {
      await door.fetch('/', { method: 'POST', headers: claudeUser, body: JSON.stringify(initialize) })
    },
    async good(door) {
      await door.fetch('/', { method: 'POST', headers: claudeUser, body: JSON.stringify(initialize) })
      await connectAsClaude(door)
    },
  },
  'metadata-of-another-url': {
    laterSeconds: minute,
    async stops(door) {
      await door.fetch('/.well-known/oauth-protected-resource/other', { headers: httpx })
      await door.fetch('/mcp/.well-known/oauth-authorization-server', { headers: httpx })
    },
    async good(door) {
      await door.fetch('/mcp/.well-known/oauth-authorization-server', { headers: httpx })
      await connectAsClaude(door)
    },
  },
  'server-metadata-not-read': {
    laterSeconds: minute,
    async stops(door) {
      await probe(door)
      await door.fetch('/.well-known/oauth-protected-resource/mcp', { headers: httpx })
    },
  },
  'discovery-then-silence': {
    laterSeconds: 200,
    async stops(door) {
      await probe(door)
      await readMetadata(door)
    },
  },
  'token-not-known': {
    laterSeconds: minute,
    async stops(door) {
      await callMcp(door, 'a-token-from-elsewhere', initialize, claudeCode)
    },
  },
  'challenged-then-silence': {
    laterSeconds: minute,
    async stops(door) {
      await probe(door)
    },
    async good(door) {
      // Claude Code says that it needs a sign-in, and waits for its user; a browser only looks.
      await probe(door, claudeCode)
      await probe(door, { 'user-agent': 'Mozilla/5.0' })
    },
  },
}

/** An issuer vouches for a person to a client, and one thing is not as it has to be. */
function vouched(wrong: {
  client?: 'public'
  claims?: Record<string, unknown>
  isSilent?: boolean
  mayJoin?: boolean
}): Scenario {
  const company = 'https://idp.company.example'
  const key = signingKey()
  const bring = async (door: Door, { client, claims }: typeof wrong): Promise<void> => {
    const method = client === 'public' ? 'none' : 'client_secret_post'
    const registered = await registerClaude(door, { token_endpoint_auth_method: method })
    const { now } = door.clock
    const right = { iss: company, sub: 'ada', aud: door.origin, client_id: registered.client_id, jti: 'one' }
    const assertion = await (await key).sign(
      { ...right, iat: now, exp: now + 300, ...claims },
      { typ: 'oauth-id-jag+jwt' },
    )
    const fields = {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
      client_id: String(registered.client_id),
      client_secret: client === 'public' ? undefined : String(registered.client_secret),
    }
    const { status, body } = await token(door, fields, httpx)
    if (status !== 200) return
    await call(door, { accessToken: String(body.access_token) }, initialize)
    await call(door, { accessToken: String(body.access_token) }, listTools)
  }
  return {
    options: () => ({
      trustedIssuers: [{ issuer: company, jwksUri: `${company}/keys`, mayJoin: wrong.mayJoin }],
      outboundFetch: async () => {
        if (wrong.isSilent) throw new OutboundError('not-reached', 'nobody answers')
        return { status: 200, headers: new Headers(), text: JSON.stringify({ keys: [(await key).jwk] }) }
      },
    }),
    stops: (door) => bring(door, wrong),
    ...(wrong.isSilent || wrong.mayJoin === false ? {} : { good: (door) => bring(door, {}) }),
  }
}

const diskFull = new Error('disk full: /var/lib/postern')
const overloaded = new StorageError('overloaded', 'too many writes are waiting')

const otherConnector = {
  name: 'Other',
  path: '/other',
  upstream: streamableHttpUpstream({ url: 'http://upstream.example/mcp' }),
}

async function endedSession(door: Door, connected: { accessToken: string }): Promise<Record<string, string>> {
  const opened = await call(door, connected, initialize)
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
  await door.fetch('/mcp', {
    method: 'DELETE',
    headers: { ...claudeUser, ...session, authorization: `Bearer ${connected.accessToken}` },
  })
  return session
}

async function beginConfidential(door: Door) {
  const registered = await registerClaude(door, { token_endpoint_auth_method: 'client_secret_post' })
  return {
    ...beginAs(door, String(registered.client_id)),
    clientSecret: String(registered.client_secret),
  }
}

/** Opens the sign-in, also a second time for the same request, and tries the password. */
async function signIn(door: Door, { browser, url }: Begun, password: string): Promise<void> {
  const opened = signIns.get(url) ?? (await browser.get(url)).headers.get('location') ?? ''
  signIns.set(url, opened)
  const consent = await browser.get(opened)
  const login = await browser.get(consent.headers.get('location') ?? '')
  const { action, fields } = readForm(await login.text())
  fields.set('username', account.username)
  fields.set('password', password)
  const answer = await browser.post(action, fields)
  if (answer.status === 303) await browser.get(opened)
  door.clock.now++
}

const signIns = new Map<string, string>()
