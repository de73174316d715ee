// The good authorization server: metadata in every form, registration, client documents, sign-in and consent by plain forms, codes, renewal with grace, revocation.

import { createHash, randomBytes } from 'node:crypto'
import { html, json, type Lab, user } from './lab.ts'

interface Client {
  id: string
  redirectUris: readonly string[]
  managementToken: string
  /** Undefined for a public client. */
  secret?: string | undefined
}

interface Grant {
  clientId: string
  scope: string
  resource: string
}

interface Code extends Grant {
  redirectUri: string
  challenge: string
}

interface Tokens {
  access_token: string
  refresh_token: string
  token_type: 'Bearer'
  expires_in: number
  scope: string
}

export interface AuthorizationServer {
  /** Undefined for a path that is not its own. */
  handle(request: Request): Promise<Response | undefined>
  isAccepted(token: string | undefined): boolean
}

export const scopes: readonly string[] = ['notes:read', 'notes:write', 'offline_access']
const hostedDocument = 'https://claude.ai/oauth/mcp-oauth-client-metadata'
const codeDocument = 'https://claude.ai/oauth/claude-code-client-metadata'

export function authorizationServer(lab: Lab): AuthorizationServer {
  const clients = new Map<string, Client>()
  const codes = new Map<string, Code>()
  const renewals = new Map<string, { grant: Grant; answer: Tokens | undefined }>()
  const accessTokens = new Map<string, Grant & { expiresAt: number }>()
  const base = (): string => lab.issuer

  return {
    async handle(request) {
      const { origin, pathname } = new URL(request.url)
      if (lab.settings.access === 'none') return undefined
      if (request.method === 'OPTIONS') return preflight()
      if (origin === new URL(lab.url).origin) {
        const wellKnown = '/.well-known/oauth-protected-resource'
        const places = [wellKnown, `${wellKnown}${new URL(lab.url).pathname}`]
        if (places.includes(pathname)) return json(resourceMetadata())
      }
      if (origin !== new URL(base()).origin) return undefined
      const issuerPath = new URL(base()).pathname.replace(/\/$/, '')
      const metadataPaths = [
        `/.well-known/oauth-authorization-server${issuerPath}`,
        `/.well-known/openid-configuration${issuerPath}`,
        `${issuerPath}/.well-known/openid-configuration`,
      ]
      if (metadataPaths.includes(pathname)) return json(issuerMetadata())
      const path = pathname.slice(issuerPath.length)
      if (path === '/register' && request.method === 'POST') return register(request)
      if (path.startsWith('/register/')) return manage(request, path)
      if (path === '/authorize') return authorize(request)
      if (path === '/sign-in' && request.method === 'POST') return signIn(request)
      if (path === '/token' && request.method === 'POST') return token(request)
      if (path === '/revoke' && request.method === 'POST') return revoke(request)
      return undefined
    },
    isAccepted(presented) {
      const grant = accessTokens.get(presented ?? '')
      return grant !== undefined && grant.expiresAt > lab.clock.now
    },
  }

  function resourceMetadata(): Record<string, unknown> {
    return {
      resource: lab.url,
      authorization_servers: [base()],
      scopes_supported: ['notes:read', 'notes:write'],
      bearer_methods_supported: ['header'],
    }
  }

  function issuerMetadata(): Record<string, unknown> {
    const takesDocuments = lab.settings.identity === 'metadata-document'
    return {
      issuer: base(),
      authorization_endpoint: `${trimmed()}/authorize`,
      token_endpoint: `${trimmed()}/token`,
      revocation_endpoint: `${trimmed()}/revoke`,
      ...(takesDocuments
        ? { client_id_metadata_document_supported: true }
        : { registration_endpoint: `${trimmed()}/register` }),
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_post', 'client_secret_basic'],
      revocation_endpoint_auth_methods_supported: ['none'],
      scopes_supported: scopes,
      authorization_response_iss_parameter_supported: true,
      jwks_uri: `${trimmed()}/jwks`,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    }
  }

  function trimmed(): string {
    return base().replace(/\/$/, '')
  }

  async function register(request: Request): Promise<Response> {
    const asked = (await request.json().catch(() => ({}))) as Record<string, unknown>
    const redirectUris = Array.isArray(asked.redirect_uris) ? asked.redirect_uris.map(String) : []
    if (redirectUris.length === 0 || !redirectUris.every(isRegistrable)) {
      return json(
        { error: 'invalid_redirect_uri', error_description: 'not a redirect URI that is allowed here' },
        400,
      )
    }
    const id = random()
    const managementToken = random()
    const method = String(asked.token_endpoint_auth_method ?? 'none')
    const secret = method.startsWith('client_secret_') ? random() : undefined
    clients.set(id, { id, redirectUris, managementToken, secret })
    const answer = {
      client_id: id,
      client_id_issued_at: lab.clock.now,
      client_name: asked.client_name ?? 'client',
      redirect_uris: redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: secret === undefined ? 'none' : method,
      ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
      scope: scopes.join(' '),
      registration_access_token: managementToken,
      registration_client_uri: `${trimmed()}/register/${id}`,
    }
    return json(answer, 201, { 'Cache-Control': 'no-store' })
  }

  function manage(request: Request, path: string): Response {
    const client = clients.get(path.slice('/register/'.length))
    if (client === undefined || request.headers.get('authorization') !== `Bearer ${client.managementToken}`)
      return json({ error: 'invalid_token' }, 401)
    if (request.method !== 'DELETE') return json({ client_id: client.id, redirect_uris: client.redirectUris })
    clients.delete(client.id)
    return new Response(null, { status: 204 })
  }

  function findClient(id: string | null): Client | undefined {
    if (lab.settings.identity === 'metadata-document') {
      if (id === hostedDocument)
        return { id, redirectUris: ['https://claude.ai/api/mcp/auth_callback'], managementToken: '' }
      if (id === codeDocument)
        return {
          id,
          redirectUris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
          managementToken: '',
        }
    }
    return clients.get(id ?? '')
  }

  /** What cannot be sent back to the client is told on a page. */
  function authorize(request: Request): Response {
    const query = new URL(request.url).searchParams
    const client = findClient(query.get('client_id'))
    const redirectUri = query.get('redirect_uri') ?? ''
    if (client === undefined) return html('This client is not known.', 400)
    if (!client.redirectUris.some((known) => withoutPort(known) === withoutPort(redirectUri))) {
      return html('This redirect URI is not registered.', 400)
    }
    const refuse = (error: string): Response => land(redirectUri, { error, state: query.get('state') })
    if (query.get('response_type') !== 'code') return refuse('unsupported_response_type')
    if (query.get('code_challenge_method') !== 'S256' || !query.get('code_challenge'))
      return refuse('invalid_request')
    if (!isOurResource(query.get('resource'))) return refuse('invalid_target')
    const form = [...query].map(
      ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
    )
    return html(
      `<form method="post" action="${trimmed()}/sign-in">${form.join('')}<input name="username"><input type="password" name="password"><button name="decision" value="approve">Allow</button><button name="decision" value="deny">Deny</button></form>`,
      200,
      { 'Cache-Control': 'no-store', 'Content-Security-Policy': "frame-ancestors 'none'" },
    )
  }

  async function signIn(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text())
    const redirectUri = form.get('redirect_uri') ?? ''
    const client = findClient(form.get('client_id'))
    if (client === undefined) return html('This client is not known.', 400)
    if (form.get('username') !== user.username || form.get('password') !== user.password) {
      return html('The user name and password do not match.', 401)
    }
    if (form.get('decision') === 'deny')
      return land(redirectUri, { error: 'access_denied', state: form.get('state') })
    const code = random()
    codes.set(code, {
      clientId: client.id,
      redirectUri,
      challenge: form.get('code_challenge') ?? '',
      scope: grantedScope(form.get('scope')),
      resource: lab.url,
    })
    return land(redirectUri, { code, state: form.get('state') })
  }

  function land(redirectUri: string, answer: Record<string, string | null>): Response {
    const target = new URL(redirectUri)
    for (const [name, value] of Object.entries({ ...answer, iss: base() })) {
      if (value !== null) target.searchParams.set(name, value)
    }
    return new Response(null, {
      status: 303,
      headers: { Location: target.href, 'Cache-Control': 'no-store' },
    })
  }

  async function token(request: Request): Promise<Response> {
    const type = request.headers.get('content-type') ?? ''
    if (!type.startsWith('application/x-www-form-urlencoded')) return refusal('invalid_request')
    const form = new URLSearchParams(await request.text())
    const basic = readBasic(request.headers.get('authorization'))
    const client = findClient(basic?.id ?? form.get('client_id'))
    const isProven = client?.secret === (basic?.secret ?? form.get('client_secret') ?? undefined)
    if (client === undefined || !isProven) return refusal('invalid_client', 401)
    if (!isOurResource(form.get('resource'))) return refusal('invalid_target')
    if (form.get('grant_type') === 'authorization_code') return exchangeCode(client, form)
    if (form.get('grant_type') === 'refresh_token') return renew(client, form)
    return refusal('unsupported_grant_type')
  }

  function exchangeCode(client: Client, form: URLSearchParams): Response {
    const code = codes.get(form.get('code') ?? '')
    const isProven = code !== undefined && s256(form.get('code_verifier') ?? '') === code.challenge
    const isSame = code?.clientId === client.id && code.redirectUri === form.get('redirect_uri')
    if (code === undefined || !isProven || !isSame) return refusal('invalid_grant')
    codes.delete(form.get('code') ?? '')
    return json(issue(code), 200, { 'Cache-Control': 'no-store' })
  }

  function renew(client: Client, form: URLSearchParams): Response {
    const renewal = renewals.get(form.get('refresh_token') ?? '')
    if (renewal === undefined || renewal.grant.clientId !== client.id) return refusal('invalid_grant')
    renewal.answer ??= issue(renewal.grant)
    return json(renewal.answer, 200, { 'Cache-Control': 'no-store' })
  }

  function issue(grant: Grant): Tokens {
    const tokens: Tokens = {
      access_token: random(),
      refresh_token: random(),
      token_type: 'Bearer',
      expires_in: lab.settings.accessTokenSeconds,
      scope: grant.scope,
    }
    accessTokens.set(tokens.access_token, {
      ...grant,
      expiresAt: lab.clock.now + lab.settings.accessTokenSeconds,
    })
    renewals.set(tokens.refresh_token, { grant, answer: undefined })
    return tokens
  }

  async function revoke(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text())
    renewals.delete(form.get('token') ?? '')
    accessTokens.delete(form.get('token') ?? '')
    return new Response(null, { status: 200 })
  }

  function isOurResource(resource: string | null): boolean {
    return resource === null || resource.replace(/\/$/, '') === lab.url.replace(/\/$/, '')
  }
}

function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': 'GET, POST, DELETE, OPTIONS',
      'Access-Control-Allow-Headers': '*, Authorization',
      'Access-Control-Expose-Headers': 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version',
    },
  })
}

function refusal(error: string, status = 400): Response {
  return json({ error, error_description: `refused: ${error}` }, status, { 'Cache-Control': 'no-store' })
}

function readBasic(header: string | null): { id: string; secret: string } | undefined {
  const credentials = /^Basic (\S+)$/i.exec(header ?? '')?.[1]
  if (credentials === undefined) return undefined
  const [id = '', secret = ''] = atob(credentials.replaceAll(/[^\w+/=]/g, '')).split(':', 2)
  return { id: decodeURIComponent(id), secret: decodeURIComponent(secret) }
}

/** What is not known is dropped; nothing asked for is everything. */
function grantedScope(asked: string | null): string {
  const known = (asked ?? '').split(' ').filter((scope) => scopes.includes(scope))
  return (known.length > 0 ? known : scopes).join(' ')
}

function isRegistrable(uri: string): boolean {
  if (!URL.canParse(uri)) return false
  const { protocol, hostname } = new URL(uri)
  return protocol === 'https:' || hostname === 'localhost' || hostname === '127.0.0.1'
}

/** RFC 8252 §7.3, and `localhost` because Claude Code uses it. */
function withoutPort(uri: string): string {
  return uri.replace(/^(http:\/\/(?:localhost|127\.0\.0\.1)):\d+/, '$1')
}

function s256(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

function random(): string {
  return randomBytes(24).toString('base64url')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
