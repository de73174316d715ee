/** GitHub accounts, by organisation and team. It speaks OAuth 2.0 and no OpenID Connect (docs.github.com/apps/oauth-apps). */

import * as oauth from 'openid-client'
import { failureOf, refuseInsecureUrl } from '../../oauth/second-leg.ts'
import { asFetch } from '../../platform/outbound-fetch.ts'
import { type EntryRules, namedRules } from '../entry-rules.ts'
import type { OutsideProvider, OutsideSignIn, OutsideVisitor, OutsideWay } from '../identity-provider.ts'
import { domainOfAddress } from '../outside-person.ts'
import { refuseProviderName } from '../provider-name.ts'
import { textOf } from './oidc.ts'

export interface GitHubOptions {
  /** Default `github`. */
  name?: string | undefined
  label?: string | undefined
  clientId: string
  clientSecret: string
  /** Everybody on earth can have an account there, so this has to be said. Groups are `organisation` and `organisation/team`, by their slugs. */
  enter: EntryRules | 'anybody'
  /** Of GitHub Enterprise Server, for example `https://github.example.com`. */
  url?: string | undefined
}

export function github(options: GitHubOptions): OutsideProvider {
  const { name = 'github', label = 'GitHub', clientId, clientSecret } = options
  refuseProviderName(name)
  if (options.url !== undefined) refuseInsecureUrl(options.url)
  const rules = inSmallLetters(namedRules(options.enter, 'GitHub'))
  const site = (options.url ?? 'https://github.com').replace(/\/+$/, '')
  const api = options.url === undefined ? 'https://api.github.com' : `${site}/api/v3`
  const groups = [...(rules.groups ?? []), ...(rules.admins?.groups ?? [])]

  function configure({ fetch }: OutsideWay): oauth.Configuration {
    const server = {
      issuer: site,
      authorization_endpoint: `${site}/login/oauth/authorize`,
      token_endpoint: `${site}/login/oauth/access_token`,
    }
    const configuration = new oauth.Configuration(server, clientId, {}, oauth.ClientSecretPost(clientSecret))
    configuration[oauth.customFetch] = asFetch(fetch) as oauth.CustomFetch
    if (site.startsWith('http:')) oauth.allowInsecureRequests(configuration)
    return configuration
  }

  async function finish(
    way: OutsideWay,
    answer: URL,
    { verifier = '' }: Readonly<Record<string, string>>,
  ): Promise<OutsideSignIn> {
    // It is no issuer of tokens, and some of its answers say that they come from one.
    answer.searchParams.delete('iss')
    try {
      const checks = { expectedState: oauth.skipStateCheck, pkceCodeVerifier: verifier } as const
      const tokens = await oauth.authorizationCodeGrant(configure(way), answer, checks)
      return { outcome: 'arrived', visitor: await visitorOf(way, tokens.access_token) }
    } catch (error) {
      return failureOf(error)
    }
  }

  async function visitorOf(way: OutsideWay, accessToken: string): Promise<OutsideVisitor> {
    const ask = async (path: string): Promise<unknown> => {
      const headers = { accept: 'application/vnd.github+json', authorization: `Bearer ${accessToken}` }
      const { status, text } = await way.fetch(api + path, {
        headers: { ...headers, 'user-agent': 'postern' },
      })
      if (status !== 200) throw new Error(`GitHub answered ${path} with ${status}`)
      return JSON.parse(text) as unknown
    }
    const user = (await ask('/user')) as Account
    const email = await primaryEmail(ask)
    return {
      issuer: site,
      tenant: undefined,
      // Names can be given up and taken by others; the number stays.
      subject: String(user.id),
      email,
      domain: email && domainOfAddress(email),
      displayName: textOf(user.name) ?? user.login,
      handle: user.login,
      groups: groups.length === 0 ? undefined : await groupsOf(ask),
      claims: { login: user.login, id: user.id },
    }
  }

  /** All pages: somebody in many teams must not be taken for somebody in none. */
  async function groupsOf(ask: Ask): Promise<string[]> {
    const organisations = await askAll(ask, '/user/orgs?per_page=100')
    const teams = groups.some((group) => group.includes('/'))
      ? await askAll(ask, '/user/teams?per_page=100')
      : []
    return [
      ...organisations.map(({ login }) => String(login)),
      ...teams.map(({ slug, organization }) => `${(organization as Account | undefined)?.login}/${slug}`),
    ].map((group) => group.toLowerCase())
  }

  return {
    kind: 'outside',
    name,
    label,
    rules,
    async begin(way, redirectUri) {
      const verifier = oauth.randomPKCECodeVerifier()
      const location = oauth.buildAuthorizationUrl(configure(way), {
        redirect_uri: redirectUri,
        scope: ['read:user', 'user:email', ...(groups.length === 0 ? [] : ['read:org'])].join(' '),
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { location, secret: { verifier } }
    },
    finish,
  }
}

/** Its names are the same in either case. */
function inSmallLetters(rules: EntryRules): EntryRules {
  const small = (names: readonly string[] | undefined): string[] | undefined =>
    names?.map((name) => name.toLowerCase())
  const { admins } = rules
  return {
    ...rules,
    groups: small(rules.groups),
    admins: admins && { ...admins, groups: small(admins.groups) },
  }
}

type Ask = (path: string) => Promise<unknown>

interface Account {
  id: number
  login: string
  name?: unknown
}

const maximumPages = 20

async function askAll(ask: Ask, path: string): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = []
  for (let page = 1; page <= maximumPages; page++) {
    const found = (await ask(`${path}&page=${page}`)) as Record<string, unknown>[]
    all.push(...found)
    if (found.length < 100) break
  }
  return all
}

async function primaryEmail(ask: Ask): Promise<string | undefined> {
  const all = (await ask('/user/emails')) as { email: string; primary: boolean; verified: boolean }[]
  return all.find(({ primary, verified }) => primary && verified)?.email
}
