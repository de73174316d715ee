// Signing in at GitHub, as far as it can be stood in for: accounts known by their number, organisations and teams over all pages.

import { describe, expect, test } from 'vitest'
import { type GitHubOptions, github } from '../../src/index.ts'
import { listen } from '../credentials/loopback-server.ts'
import { type Door, openDoor } from '../door.ts'

interface Account {
  user: { id: number; login: string; name: string | null }
  emails: { email: string; primary: boolean; verified: boolean }[]
  organizations: string[]
  teams: [organization: string, slug: string][]
}

const ada: Account = {
  user: { id: 7, login: 'ada', name: 'Ada Lovelace' },
  emails: [
    { email: 'old@example.com', primary: false, verified: true },
    { email: 'ada@example.com', primary: true, verified: true },
  ],
  organizations: [...Array.from({ length: 130 }, (_, index) => `org-${index}`), 'Example'],
  teams: [['Example', 'core']],
}

/** Answers as GitHub does, for whoever is `account` at that moment. */
async function startGitHub(account: Account): Promise<{ url: string; scopes: string[] }> {
  const scopes: string[] = []
  const page = <T>(all: readonly T[], url: URL): T[] => {
    const size = Number(url.searchParams.get('per_page'))
    const from = (Number(url.searchParams.get('page')) - 1) * size
    return all.slice(from, from + size)
  }
  const url = await listen(async (request) => {
    const asked = new URL(request.url)
    if (asked.pathname === '/login/oauth/access_token') {
      const form = new URLSearchParams(await request.text())
      if (form.get('code') !== 'good' || (form.get('code_verifier') ?? '').length < 43)
        // It says so with status 200.
        return Response.json({ error: 'bad_verification_code', error_description: 'The code is incorrect.' })
      return Response.json({ access_token: 'gho_x', token_type: 'bearer', scope: 'read:user' })
    }
    if (request.headers.get('authorization') !== 'Bearer gho_x') return new Response(null, { status: 401 })
    if (request.headers.get('user-agent') === null) return new Response(null, { status: 403 })
    switch (asked.pathname) {
      case '/api/v3/user':
        return Response.json(account.user)
      case '/api/v3/user/emails':
        return Response.json(account.emails)
      case '/api/v3/user/orgs':
        return Response.json(
          page(
            account.organizations.map((login) => ({ login })),
            asked,
          ),
        )
      case '/api/v3/user/teams':
        return Response.json(
          page(
            account.teams.map(([login, slug]) => ({ slug, organization: { login } })),
            asked,
          ),
        )
      default:
        return new Response(null, { status: 404 })
    }
  })
  return { url, scopes }
}

async function open(account: Account, enter: GitHubOptions['enter']): Promise<Door> {
  const { url } = await startGitHub(account)
  return openDoor({ identity: github({ clientId: 'postern', clientSecret: 's', enter, url }) })
}

async function signIn(door: Door, code = 'good'): Promise<{ location: string; there: URL }> {
  const browser = door.browser()
  await browser.get('/login')
  const gone = await browser.get('/login/github')
  const there = new URL(gone.headers.get('location') ?? '')
  const back = new URL(there.searchParams.get('redirect_uri') ?? '')
  back.searchParams.set('code', code)
  back.searchParams.set('state', there.searchParams.get('state') ?? '')
  // Seen at GitHub since 2025.
  back.searchParams.set('iss', 'https://github.com/login/oauth')
  return { location: (await browser.get(back.href)).headers.get('location') ?? '', there }
}

const outsiderOf = async (door: Door) =>
  (await door.storage.listUsers(10)).find(({ outside }) => outside !== undefined)

describe('GitHub', () => {
  test('an account is its number: another who takes the name is another', async () => {
    const door = await open(ada, 'anybody')
    const { there } = await signIn(door)
    expect(there.pathname).toBe('/login/oauth/authorize')
    expect(there.searchParams.get('scope')).toBe('read:user user:email')
    expect(there.searchParams.get('code_challenge_method')).toBe('S256')
    const first = await outsiderOf(door)
    expect(first).toMatchObject({
      displayName: 'Ada Lovelace',
      outside: { email: 'ada@example.com', groups: [] },
    })
    const other = await open({ ...ada, user: { ...ada.user, id: 8 } }, 'anybody')
    await signIn(other)
    expect((await outsiderOf(other))?.userId).not.toBe(first?.userId)
  })

  test.each<[string, GitHubOptions['enter'], boolean]>([
    ['an organisation on the second page, in other letters', { groups: ['EXAMPLE'] }, true],
    ['a team', { groups: ['example/core'] }, true],
    ['a team of another organisation', { groups: ['org-1/core'] }, false],
    ['an organisation that is not theirs', { groups: ['anthropic'] }, false],
    ['the primary address', { emails: ['ada@example.com'] }, true],
    ['an address that is not the primary one', { emails: ['old@example.com'] }, false],
  ])('by %s', async (_, enter, mayEnter) => {
    const door = await open(ada, enter)
    const { location, there } = await signIn(door)
    expect(location.includes('problem=not-welcome')).toBe(!mayEnter)
    const asksForGroups = typeof enter === 'object' && enter.groups !== undefined
    expect(there.searchParams.get('scope')?.includes('read:org')).toBe(asksForGroups)
  })

  test('an address that was never verified is none', async () => {
    const unverified = { ...ada, emails: [{ email: 'ada@example.com', primary: true, verified: false }] }
    const door = await open(unverified, { domains: ['example.com'] })
    expect((await signIn(door)).location).toContain('problem=not-welcome')
  })

  test('a code that GitHub does not know, told with status 200, signs nobody in', async () => {
    const door = await open(ada, 'anybody')
    expect((await signIn(door, 'bad')).location).toContain('problem=failed')
    expect(await outsiderOf(door)).toBeUndefined()
  })
})
