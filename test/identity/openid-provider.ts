// A real OpenID provider (oidc-provider) on a port of this machine, and a person's browser at its pages.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import { onTestFinished, vi } from 'vitest'

export interface Person {
  name?: string
  email?: string
  email_verified?: boolean
  groups?: readonly string[]
  [claim: string]: unknown
}

export interface OpenIdProvider {
  issuer: string
  /** By the name that is typed at sign-in, which is also the subject. */
  people: Record<string, Person>
  /** Goes there as this person's browser, signs in and consents, and gives the address that it is sent back to. */
  signIn(address: URL, login: string): Promise<URL>
  /** Goes there and presses Cancel. */
  cancel(address: URL): Promise<URL>
}

export const relyingParty = {
  clientId: 'postern',
  clientSecret: 'a-secret-of-postern-at-the-provider',
} as const

export async function startOpenIdProvider(
  origin: string,
  options: { isIdTokenShort?: boolean } = {},
): Promise<OpenIdProvider> {
  const people: Record<string, Person> = {}
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { clientId, clientSecret } = relyingParty
  // It warns of what is right for a test alone.
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${origin}/login/oidc/callback`, `${origin}/login/other/callback`],
        post_logout_redirect_uris: [`${origin}/`],
        application_type: 'native',
      },
    ],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username', 'groups', 'realm_access'],
    },
    conformIdTokenClaims: options.isIdTokenShort ?? false,
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    cookies: { keys: ['a key of the provider for its cookies'] },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
  })
  warn.mockRestore()
  server.on('request', provider.callback())
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })

  /** Follows redirects and posts forms until it is sent back to us. */
  async function walk(
    address: URL,
    answer: (html: string) => Record<string, string> | 'cancel',
  ): Promise<URL> {
    const cookies = new Map<string, string>()
    const ask = async (url: URL, init: RequestInit = {}): Promise<Response> => {
      const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
      const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie, ...init.headers } })
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
        cookies.set(name, value)
      }
      return response
    }
    let at = address
    let response = await ask(at)
    for (let step = 0; step < 12; step++) {
      const location = response.headers.get('location')
      if (location !== null) {
        at = new URL(location, at)
        if (at.origin === origin) return at
        response = await ask(at)
        continue
      }
      const html = await response.text()
      const said = answer(html)
      if (said === 'cancel') {
        at = new URL(/href="([^"]*abort)"/.exec(html)?.[1] ?? '', at)
        response = await ask(at)
        continue
      }
      const action = new URL(/<form[^>]* action="([^"]+)"/.exec(html)?.[1] ?? at.href, at)
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      response = await ask(action, { method: 'POST', headers, body: new URLSearchParams(said).toString() })
    }
    throw new Error(`the provider never sent the browser back; it is at ${at.href}`)
  }

  return {
    issuer,
    people,
    signIn: (address, login) =>
      walk(address, (html) =>
        html.includes('value="login"') ? { prompt: 'login', login, password: 'any' } : { prompt: 'consent' },
      ),
    cancel: (address) => walk(address, () => 'cancel'),
  }
}
