// An authorization server and an MCP server in one, on loopback, with a switch for each fault; it writes down what it is asked.

import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'

export interface Switches {
  /** `client_id_metadata_document_supported`. */
  metadataDocuments: boolean
  registration: boolean
  authMethods: readonly string[]
  registeredMethod: string | undefined
  offlineAccess: boolean
  /** Where protected resource metadata answers. */
  resourceMetadata: 'path' | 'root' | 'custom' | 'none'
  /** `resource_metadata` is in the challenge. */
  pointer: boolean | string
  challengeScope: string | undefined
  resourceScopes: readonly string[] | undefined
  resource: string | undefined
  /** The path of the issuer, for example `/as`. */
  issuerPath: string
  issuerMetadata: 'oauth' | 'openid' | 'openid-appended' | 'none'
  /** What the metadata says instead of the truth. */
  metadata: Record<string, unknown>
  iss: 'right' | 'wrong' | 'missing'
  state: 'right' | 'wrong' | 'missing'
  /** Pages with forms before the redirect, or the redirect at once. */
  pages: boolean
  redirectStatus: number
  denies: boolean
  expiresIn: unknown
  tokenStatus: number
  /** A refresh gives a new refresh token. */
  rotates: boolean
  refreshAnswer: 'ok' | 'invalid_grant' | 'invalid_client' | 'server_error'
  era: 'legacy' | 'modern'
  session: boolean
  streams: boolean
  /** 403 `insufficient_scope` for `tools/list` until the token has this scope. */
  neededScope: string | undefined
  /** `initialize` and `tools/list` need no token. */
  lazy: boolean
  serverRequest: string | undefined
}

export interface Seen {
  method: string
  path: string
  query: URLSearchParams
  headers: Headers
  body: string
  rpc:
    | { id?: unknown; method?: string; params?: Record<string, unknown>; result?: unknown; error?: unknown }
    | undefined
  form: URLSearchParams
  json: Record<string, unknown>
}

export interface ScriptedServer {
  url: string
  origin: string
  switches: Switches
  seen: Seen[]
  /** `GET /path` and `POST /mcp tools/list`, since the last time it was asked. */
  lines(): string[]
  /** Every access token stops working; refresh tokens go on. */
  expireTokens(): void
  close(): Promise<void>
}

const defaults: Switches = {
  metadataDocuments: true,
  registration: true,
  authMethods: ['none', 'client_secret_basic', 'client_secret_post'],
  registeredMethod: undefined,
  offlineAccess: true,
  resourceMetadata: 'path',
  pointer: true,
  challengeScope: 'mcp:tools',
  resourceScopes: ['mcp:tools'],
  resource: undefined,
  issuerPath: '',
  issuerMetadata: 'oauth',
  metadata: {},
  iss: 'right',
  state: 'right',
  pages: false,
  redirectStatus: 303,
  denies: false,
  expiresIn: 3600,
  tokenStatus: 200,
  rotates: true,
  refreshAnswer: 'ok',
  era: 'legacy',
  session: true,
  streams: true,
  neededScope: undefined,
  lazy: false,
  serverRequest: undefined,
}

export async function startScriptedServer(changed: Partial<Switches> = {}): Promise<ScriptedServer> {
  const switches: Switches = { ...defaults, ...changed }
  const seen: Seen[] = []
  let shown = 0
  let counter = 0
  const codes = new Map<string, { challenge: string; scope: string; redirectUri: string }>()
  const accessTokens = new Map<string, string>()
  const refreshTokens = new Map<string, string>()

  const http = serve({ fetch: handle, port: 0, hostname: '127.0.0.1' })
  await new Promise((resolve) => http.once('listening', resolve))
  const origin = `http://localhost:${(http.address() as AddressInfo).port}`
  const issuer = (): string => `${origin}${switches.issuerPath}`

  return {
    url: `${origin}/mcp`,
    origin,
    switches,
    seen,
    lines: () => {
      const fresh = seen.slice(shown)
      shown = seen.length
      return fresh.map(({ method, path, rpc }) => `${method} ${path}${rpc?.method ? ` ${rpc.method}` : ''}`)
    },
    expireTokens: () => accessTokens.clear(),
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        if ('closeAllConnections' in http) http.closeAllConnections()
      }),
  }

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const body = await request.text()
    const isForm = request.headers.get('content-type')?.includes('form-urlencoded')
    const json = isForm || body === '' ? {} : (JSON.parse(body) as Record<string, unknown>)
    const entry: Seen = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body,
      rpc: url.pathname === '/mcp' && body !== '' ? json : undefined,
      form: new URLSearchParams(isForm ? body : ''),
      json,
    }
    seen.push(entry)
    return route(entry)
  }

  function route(entry: Seen): Response {
    const { path } = entry
    if (path === '/mcp') return mcp(entry)
    if (path === '/auth') return authorize(entry)
    if (path === '/login') return login(entry)
    if (path === '/consent') return consent(entry)
    if (path === '/token') return token(entry)
    if (path === '/reg') return register(entry)
    if (path === '/token/revocation') return new Response(null, { status: 200 })
    const places = {
      path: '/.well-known/oauth-protected-resource/mcp',
      root: '/.well-known/oauth-protected-resource',
      custom: '/metadata/of/mcp.json',
      none: undefined,
    }
    if (path === places[switches.resourceMetadata]) return resourceMetadata()
    const issuerPlaces = {
      oauth: `/.well-known/oauth-authorization-server${switches.issuerPath}`,
      openid: `/.well-known/openid-configuration${switches.issuerPath}`,
      'openid-appended': `${switches.issuerPath}/.well-known/openid-configuration`,
      none: undefined,
    }
    if (path === issuerPlaces[switches.issuerMetadata]) return issuerMetadata()
    return Response.json({ error: 'not_found' }, { status: 404 })
  }

  function resourceMetadata(): Response {
    return Response.json({
      resource: switches.resource ?? `${origin}/mcp`,
      authorization_servers: [issuer()],
      scopes_supported: switches.resourceScopes,
    })
  }

  function issuerMetadata(): Response {
    return Response.json({
      issuer: issuer(),
      authorization_endpoint: `${origin}/auth`,
      token_endpoint: `${origin}/token`,
      revocation_endpoint: `${origin}/token/revocation`,
      ...(switches.registration ? { registration_endpoint: `${origin}/reg` } : {}),
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: switches.authMethods,
      scopes_supported: switches.offlineAccess ? ['openid', 'mcp:tools', 'offline_access'] : ['mcp:tools'],
      authorization_response_iss_parameter_supported: true,
      ...(switches.metadataDocuments ? { client_id_metadata_document_supported: true } : {}),
      ...switches.metadata,
    })
  }

  function register(entry: Seen): Response {
    const secret =
      switches.registeredMethod === undefined ? {} : { client_secret: `cs-${++counter}-${'s'.repeat(30)}` }
    const method = switches.registeredMethod ?? entry.json.token_endpoint_auth_method
    const answer = {
      ...entry.json,
      client_id: `client-${++counter}`,
      ...secret,
      token_endpoint_auth_method: method,
    }
    return Response.json(answer, { status: 201 })
  }

  function authorize(entry: Seen): Response {
    if (!switches.pages) return redirectBack(entry.query)
    const query = escaped(entry.query.toString())
    return page(`<form method="post" action="/login?${query}"><input type="hidden" name="csrf" value="csrf-${'c'.repeat(20)}">
      <label>User <input name="username"></label><input type="password" name="password"><button>Sign in</button></form>`)
  }

  function login(entry: Seen): Response {
    const right = entry.form.get('username') === 'ada' && entry.form.get('password') === 'correct-horse'
    const query = escaped(entry.query.toString())
    if (!right)
      return page(
        `<p>Wrong.</p><form method="post" action="/login?${query}"><input name="username"><input type="password" name="password"><button>Sign in</button></form>`,
      )
    return new Response(null, {
      status: 303,
      headers: {
        location: `/consent?${entry.query}`,
        'set-cookie': `sid=session-${'k'.repeat(20)}; Path=/; HttpOnly`,
      },
    })
  }

  function consent(entry: Seen): Response {
    if (!entry.headers.get('cookie')?.includes('sid=session-'))
      return new Response('who are you', { status: 401 })
    if (entry.method === 'POST') {
      const approved = entry.form.get('decision') === 'approve' && entry.form.get('scope_read') === 'on'
      return approved && !entry.form.has('scope_write')
        ? redirectBack(entry.query)
        : new Response('not approved', { status: 400 })
    }
    return page(`<form method="post"><input type="checkbox" name="scope_read" checked><input type="checkbox" name="scope_write">
      <button name="decision" value="deny">Deny</button><button name="decision" value="approve">Allow it &amp; go on</button></form>`)
  }

  function redirectBack(query: URLSearchParams): Response {
    const back = new URL(query.get('redirect_uri') ?? '')
    if (switches.denies) {
      back.searchParams.set('error', 'access_denied')
      back.searchParams.set('error_description', 'not today')
    } else {
      const code = `code-${++counter}-${'x'.repeat(30)}`
      const [challenge, scope] = [query.get('code_challenge') ?? '', query.get('scope') ?? '']
      codes.set(code, { challenge, scope, redirectUri: query.get('redirect_uri') ?? '' })
      back.searchParams.set('code', code)
    }
    if (switches.state !== 'missing') {
      back.searchParams.set(
        'state',
        switches.state === 'right' ? (query.get('state') ?? '') : 'somebody-elses',
      )
    }
    if (switches.iss !== 'missing') {
      back.searchParams.set('iss', switches.iss === 'right' ? issuer() : 'https://evil.example')
    }
    return new Response(null, { status: switches.redirectStatus, headers: { location: back.href } })
  }

  function token(entry: Seen): Response {
    const { form } = entry
    if (switches.tokenStatus !== 200) return new Response('<h1>Oops</h1>', { status: switches.tokenStatus })
    if (form.get('grant_type') === 'refresh_token') return refresh(form)
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (code?.challenge !== challenge || code.redirectUri !== form.get('redirect_uri')) {
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    }
    return tokens(code.scope)
  }

  function refresh(form: URLSearchParams): Response {
    const scope = refreshTokens.get(form.get('refresh_token') ?? '')
    if (switches.refreshAnswer !== 'ok' || scope === undefined) {
      const error = switches.refreshAnswer === 'ok' ? 'invalid_grant' : switches.refreshAnswer
      const status = { invalid_grant: 400, invalid_client: 401, server_error: 500 }[error]
      return Response.json({ error, error_description: 'said so' }, { status })
    }
    if (switches.rotates) refreshTokens.delete(form.get('refresh_token') ?? '')
    return tokens(scope, switches.rotates)
  }

  function tokens(scope: string, givesRefreshToken = true): Response {
    const access = `at-${++counter}-${'a'.repeat(40)}`
    const refreshToken = `rt-${counter}-${'r'.repeat(40)}`
    accessTokens.set(access, scope)
    refreshTokens.set(refreshToken, scope)
    return Response.json({
      access_token: access,
      token_type: 'Bearer',
      expires_in: switches.expiresIn,
      ...(givesRefreshToken ? { refresh_token: refreshToken } : {}),
      scope: scope === '' ? undefined : scope,
    })
  }

  function mcp(entry: Seen): Response {
    const authorization = entry.headers.get('authorization')
    const scope = accessTokens.get(authorization?.replace('Bearer ', '') ?? '')
    const isOpen =
      switches.lazy && ['initialize', 'notifications/initialized'].includes(entry.rpc?.method ?? '')
    if (scope === undefined && !isOpen)
      return challenge(401, authorization === null ? undefined : 'invalid_token')
    if (switches.neededScope !== undefined && entry.rpc?.method === 'tools/list') {
      if (!scope?.split(' ').includes(switches.neededScope)) {
        return challenge(403, 'insufficient_scope', `mcp:tools ${switches.neededScope}`)
      }
    }
    if (entry.method === 'GET') return eventStream('', switches.streams)
    if (entry.method === 'DELETE') return new Response(null, { status: 204 })
    return answer(entry)
  }

  function challenge(status: number, error?: string, scope = switches.challengeScope): Response {
    const place = {
      path: '/.well-known/oauth-protected-resource/mcp',
      root: '/.well-known/oauth-protected-resource',
      custom: '/metadata/of/mcp.json',
      none: '',
    }[switches.resourceMetadata]
    const own = switches.pointer === true && place !== '' ? `${origin}${place}` : undefined
    const pointer = typeof switches.pointer === 'string' ? switches.pointer : own
    const parts = [
      error === undefined ? undefined : `error="${error}"`,
      pointer === undefined ? undefined : `resource_metadata="${pointer}"`,
      scope === undefined ? undefined : `scope="${scope}"`,
    ].filter((part) => part !== undefined)
    const headers = { 'www-authenticate': `Bearer ${parts.join(', ')}` }
    return Response.json({ error: error ?? 'unauthorized' }, { status, headers })
  }

  function answer({ rpc, headers }: Seen): Response {
    const isModern = rpc?.params?._meta !== undefined
    if (rpc?.id === undefined || rpc.method === undefined) return new Response(null, { status: 202 })
    if (rpc.method === 'server/discover' && switches.era === 'legacy') {
      return Response.json(
        { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Bad Request' } },
        { status: 400 },
      )
    }
    const hasSession =
      headers.has('mcp-session-id') || rpc.method === 'initialize' || isModern || !switches.session
    if (!hasSession)
      return Response.json(
        { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'no session' } },
        { status: 400 },
      )
    if (rpc.method === 'subscriptions/listen') {
      return eventStream(frame({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged' }), true)
    }
    const result = results(rpc.method, rpc.params ?? {})
    const message =
      result === undefined
        ? { jsonrpc: '2.0', id: rpc.id, error: { code: -32601, message: 'Method not found' } }
        : { jsonrpc: '2.0', id: rpc.id, result }
    const session =
      switches.session && rpc.method === 'initialize' ? { 'mcp-session-id': `session-${'i'.repeat(20)}` } : {}
    if (isModern || !switches.streams)
      return Response.json(message, { headers: session as Record<string, string> })
    const asked =
      switches.serverRequest !== undefined && rpc.method === 'tools/call'
        ? frame({ jsonrpc: '2.0', id: 'server-1', method: switches.serverRequest })
        : ''
    return eventStream(`${asked}${frame(message)}`, false, session as Record<string, string>)
  }
}

function results(method: string, params: Record<string, unknown>): Record<string, unknown> | undefined {
  const capabilities = { tools: {} }
  if (method === 'initialize') {
    return {
      protocolVersion: params.protocolVersion,
      capabilities,
      serverInfo: { name: 'scripted', version: '1' },
    }
  }
  if (method === 'server/discover')
    return { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities }
  if (method === 'tools/list') {
    return {
      resultType: 'complete',
      tools: [
        { name: 'echo', title: 'Echo', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } },
      ],
    }
  }
  if (method === 'tools/call') {
    if (params.name === 'fail') return { isError: true, content: [{ type: 'text', text: 'no' }] }
    const content = [
      { type: 'text', text: JSON.stringify(params.arguments) },
      { type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' },
    ]
    return { resultType: 'complete', content }
  }
  if (method === 'resources/read') {
    return {
      resultType: 'complete',
      contents: [{ uri: params.uri, mimeType: 'application/octet-stream', blob: 'AAECAw==' }],
    }
  }
  return undefined
}

function frame(message: unknown): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`
}

function eventStream(text: string, staysOpen: boolean, headers: Record<string, string> = {}): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text === '' ? ': open\n\n' : text))
      if (!staysOpen) controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream', ...headers } })
}

function page(inside: string): Response {
  const html = `<!doctype html><html><body><script>"<form>"</script>${inside}</body></html>`
  return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } })
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;')
}
