// The authorization code flow by hand with nothing but fetch: a peer that shares no code with Postern's own client half.
import { createHash, randomBytes } from 'node:crypto'
import { findFreePort } from './loopback.ts'

export interface Account {
  readonly username: string
  readonly password: string
}

export interface PlainTokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly scope: string | undefined
  readonly clientId: string
  readonly tokenEndpoint: string
}

/** Discovery, registration, sign-in, consent, exchange: an access token for the MCP endpoint at `resource`. */
export async function obtainTokens(resource: string, account: Account): Promise<PlainTokens> {
  // Nobody listens there: the code is read off the redirect, as a custom scheme handler would.
  const redirectUri = `http://127.0.0.1:${await findFreePort()}/callback`
  const authorization = await beginAuthorization(resource, { redirectUri })
  const redirect = await approveByFetch(authorization.url, account)
  return authorization.exchange(redirect.searchParams.get('code') ?? '')
}

export interface PlainAuthorization {
  /** For the browser. */
  readonly url: string
  readonly state: string
  exchange(code: string): Promise<PlainTokens>
}

/** Discovery, and registration unless a client id is given: everything before the browser. */
export async function beginAuthorization(
  resource: string,
  options: { readonly redirectUri: string; readonly clientId?: string; readonly verifier?: string },
): Promise<PlainAuthorization> {
  const place = new URL(resource)
  const metadata = await readJson(`${place.origin}/.well-known/oauth-protected-resource${place.pathname}`)
  const issuer = String((metadata.authorization_servers as unknown[])[0])
  const server = await readJson(`${new URL(issuer).origin}/.well-known/oauth-authorization-server`)
  const { redirectUri } = options
  const clientId = options.clientId ?? (await register(String(server.registration_endpoint), redirectUri))
  const verifier = options.verifier ?? randomBytes(32).toString('base64url')
  const state = randomBytes(16).toString('base64url')
  const url = new URL(String(server.authorization_endpoint))
  const scopes = metadata.scopes_supported
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state,
    resource: String(metadata.resource),
    ...(Array.isArray(scopes) ? { scope: scopes.join(' ') } : {}),
  }).toString()
  const tokenEndpoint = String(server.token_endpoint)
  return {
    url: url.href,
    state,
    async exchange(code) {
      const tokens = await readJson(tokenEndpoint, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          code_verifier: verifier,
          client_id: clientId,
          resource: String(metadata.resource),
        }),
      })
      return {
        accessToken: String(tokens.access_token),
        refreshToken: typeof tokens.refresh_token === 'string' ? tokens.refresh_token : undefined,
        scope: typeof tokens.scope === 'string' ? tokens.scope : undefined,
        clientId,
        tokenEndpoint,
      }
    },
  }
}

async function register(endpoint: string, redirectUri: string): Promise<string> {
  const registration = await readJson(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Plain fetch',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    }),
  })
  return String(registration.client_id)
}

/**
 * Signs in and approves as a browser without script would: redirects by hand, a cookie jar, forms with their hidden
 * fields and ticked boxes. Returns the redirect that leaves the authorization server, without following it. Who gives
 * the cookies of an earlier time is signed in already.
 */
export async function approveByFetch(
  authorizationUrl: string,
  account: Account,
  cookies: Map<string, string> = new Map(),
): Promise<URL> {
  const home = new URL(authorizationUrl).origin
  let url = new URL(authorizationUrl)
  let form: URLSearchParams | undefined
  for (let step = 0; step < MAX_STEPS; step++) {
    const response = await fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === undefined ? {} : { origin: home }),
      },
      ...(form === undefined ? {} : { body: form }),
    })
    for (const line of response.headers.getSetCookie()) keepCookie(cookies, line)
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      url = new URL(location, url)
      form = undefined
      if (url.origin !== home) return url
      continue
    }
    const page = await response.text()
    if (!response.ok) throw new Error(`${response.status} at ${url}:\n${page}`)
    const next = answerForm(page, url, account)
    if (next === undefined) throw new Error(`no sign-in or consent form at ${url}:\n${page}`)
    url = next.action
    form = next.fields
  }
  throw new Error(`still at ${url} after ${MAX_STEPS} steps`)
}

const MAX_STEPS = 12

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';')
  const [name = '', ...value] = pair.split('=')
  const ended = attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute))
  if (ended) cookies.delete(name.trim())
  else cookies.set(name.trim(), value.join('=').trim())
}

function answerForm(
  page: string,
  url: URL,
  account: Account,
): { action: URL; fields: URLSearchParams } | undefined {
  for (const [, head = '', body = ''] of page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)) {
    const isSignIn = /name="?password\b/i.test(body)
    const isConsent = /name="?decision\b/i.test(body)
    if (!isSignIn && !isConsent) continue
    const fields = new URLSearchParams()
    for (const [, attributes = ''] of body.matchAll(/<input\b([^>]*)>/gis)) {
      const name = attribute(attributes, 'name')
      const type = attribute(attributes, 'type') ?? 'text'
      if (name === undefined || name in account || type === 'submit') continue
      if (['checkbox', 'radio'].includes(type) && !/\bchecked\b/i.test(attributes)) continue
      fields.append(name, attribute(attributes, 'value') ?? (type === 'checkbox' ? 'on' : ''))
    }
    if (isSignIn) {
      fields.set('username', account.username)
      fields.set('password', account.password)
    } else {
      fields.set('decision', 'approve')
    }
    return { action: new URL(attribute(head, 'action') ?? '', url), fields }
  }
  return undefined
}

function attribute(attributes: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(
    attributes,
  )
  const value = match?.[1] ?? match?.[2] ?? match?.[3]
  return value?.replace(/&(amp|lt|gt|quot|#39|#x27);/g, (_, entity: string) => ENTITIES[entity] ?? '')
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" }

async function readJson(url: string, init?: RequestInit): Promise<Record<string, unknown>> {
  const response = await fetch(url, init)
  const body = await response.text()
  if (!response.ok) throw new Error(`${response.status} from ${url}:\n${body}`)
  return JSON.parse(body)
}
