// A provider of accounts: authorization code with PKCE, refresh tokens that rotate, and a second use of one that ends the account's access.

import { createHash, randomBytes } from 'node:crypto'
import { listen } from './loopback-server.ts'

export interface AccountProvider {
  origin: string
  /** Who is signed in there, per visit: the next browser that comes is this person. */
  person: string
  /** What is asked of the token endpoint, in order. */
  asked: URLSearchParams[]
  /** Whose a live access token is. */
  personOf(accessToken: string): string | undefined
  /** Every token of this person is dead from now on. */
  kill(person: string): void
  /** All access tokens have expired; their refresh tokens live. */
  expireAll(): void
  /** What the token endpoint answers instead, while it is set. */
  fault: (() => Response) | undefined
  /** How long it takes to renew, in milliseconds. */
  delayMs: number
  rotates: boolean
  expiresInSeconds: number | undefined
  /** As a browser: follows the address that it was sent to, and gives the address that it is sent back to. */
  visit(address: URL, changes?: Record<string, string>): URL
}

export const providerClient = { clientId: 'postern', clientSecret: 'secret-of-postern' } as const

export async function startProvider(): Promise<AccountProvider> {
  const codes = new Map<string, { person: string; challenge: string; redirectUri: string }>()
  const access = new Map<string, string>()
  const refresh = new Map<string, { person: string; isUsed: boolean }>()
  const random = (): string => randomBytes(12).toString('hex')

  function issue(person: string, withRefresh: boolean): Response {
    const accessToken = `at-${random()}`
    access.set(accessToken, person)
    const refreshToken = `rt-${random()}`
    if (withRefresh) refresh.set(refreshToken, { person, isUsed: false })
    return Response.json({
      access_token: accessToken,
      token_type: 'Bearer',
      ...(provider.expiresInSeconds === undefined ? {} : { expires_in: provider.expiresInSeconds }),
      ...(withRefresh ? { refresh_token: refreshToken } : {}),
    })
  }

  const refusal = (error: string, status = 400): Response => Response.json({ error }, { status })

  async function tokenEndpoint(request: Request): Promise<Response> {
    const form = new URLSearchParams(await request.text())
    provider.asked.push(form)
    if (form.get('client_secret') !== providerClient.clientSecret) return refusal('invalid_client', 401)
    if (provider.fault !== undefined) return provider.fault()
    if (form.get('grant_type') === 'authorization_code') {
      const code = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const verifier = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      const isGood = code?.challenge === verifier && code.redirectUri === form.get('redirect_uri')
      return code !== undefined && isGood ? issue(code.person, true) : refusal('invalid_grant')
    }
    const held = refresh.get(form.get('refresh_token') ?? '')
    if (held === undefined) return refusal('invalid_grant')
    if (held.isUsed && provider.rotates) {
      provider.kill(held.person)
      return refusal('invalid_grant')
    }
    held.isUsed = true
    await new Promise((resolve) => setTimeout(resolve, provider.delayMs))
    return issue(held.person, provider.rotates)
  }

  const origin = await listen((request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/token') return tokenEndpoint(request)
    if (pathname === '/me') {
      const person = access.get(request.headers.get('authorization')?.slice(7) ?? '')
      return person === undefined
        ? new Response(null, { status: 401 })
        : Response.json({ user: { name: person } })
    }
    return new Response(null, { status: 404 })
  })

  const provider: AccountProvider = {
    origin,
    person: 'Ada',
    asked: [],
    fault: undefined,
    delayMs: 0,
    rotates: true,
    expiresInSeconds: 3600,
    personOf: (accessToken) => access.get(accessToken),
    kill(person) {
      for (const [token, owner] of access) if (owner === person) access.delete(token)
      for (const [token, { person: owner }] of refresh) if (owner === person) refresh.delete(token)
    },
    expireAll: () => access.clear(),
    visit(address, changes = {}) {
      const { searchParams } = address
      const code = random()
      codes.set(code, {
        person: provider.person,
        challenge: searchParams.get('code_challenge') ?? '',
        redirectUri: searchParams.get('redirect_uri') ?? '',
      })
      const back = new URL(searchParams.get('redirect_uri') ?? '')
      const answer = { code, state: searchParams.get('state') ?? '', ...changes }
      for (const [name, value] of Object.entries(answer)) if (value !== '') back.searchParams.set(name, value)
      return back
    },
  }
  return provider
}
