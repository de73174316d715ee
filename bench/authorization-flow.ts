/** One authorization by hand, as any client makes it: discovery, registration, a browser that follows redirects, the exchange. */

import { createHash, randomBytes } from 'node:crypto'

export interface Connection {
  clientId: string
  accessToken: string
  refreshToken: string
}

export interface AuthorizationServerAddresses {
  issuer: string
  authorizationEndpoint: string
  tokenEndpoint: string
  registrationEndpoint: string
}

const redirectUri = 'https://claude.ai/api/mcp/auth_callback'

export async function discover(metadataUrl: string): Promise<AuthorizationServerAddresses> {
  const metadata = await readJson(await fetch(metadataUrl))
  return {
    issuer: String(metadata.issuer),
    authorizationEndpoint: String(metadata.authorization_endpoint),
    tokenEndpoint: String(metadata.token_endpoint),
    registrationEndpoint: String(metadata.registration_endpoint),
  }
}

/** The server approves by itself, on its way from the authorization endpoint back to the client. */
export async function authorize(server: AuthorizationServerAddresses, resource: string): Promise<Connection> {
  const client = await readJson(
    await fetch(server.registrationEndpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        client_name: 'Claude',
        scope: 'read write offline_access',
      }),
    }),
  )
  const clientId = String(client.client_id)
  const verifier = randomBytes(32).toString('base64url')
  const question = new URL(server.authorizationEndpoint)
  question.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: randomBytes(8).toString('base64url'),
    scope: 'read write offline_access',
    resource,
    // oidc-provider gives offline_access to nobody who was not asked.
    prompt: 'consent',
  }).toString()
  const redirect = await follow(question)
  const code = redirect.searchParams.get('code')
  if (code === null) throw new Error(`came back without a code: ${redirect}`)
  const tokens = await readJson(
    await fetch(server.tokenEndpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        client_id: clientId,
        code_verifier: verifier,
        redirect_uri: redirectUri,
        resource,
      }),
    }),
  )
  if (typeof tokens.refresh_token !== 'string') throw new Error(`no refresh token: ${JSON.stringify(tokens)}`)
  return { clientId, accessToken: String(tokens.access_token), refreshToken: tokens.refresh_token }
}

const maximumSteps = 12

async function follow(start: URL): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = start
  for (let step = 0; step < maximumSteps; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html', cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`${response.status} at ${url}: ${await response.text()}`)
    url = new URL(location, url)
    if (url.href.startsWith(redirectUri)) return url
  }
  throw new Error(`still at ${url} after ${maximumSteps} steps`)
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} from ${response.url}: ${text.slice(0, 500)}`)
  return JSON.parse(text) as Record<string, unknown>
}
