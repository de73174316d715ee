// What looks like a fault of registration, sign-in or the token endpoint and is none, or is one of some clients only: named as that, or not at all.

import { expect, test } from 'vitest'
import { claudeCode } from '../../src/client/surfaces/claude-code.ts'
import type { DoctorOptions } from '../../src/doctor/doctor.ts'
import {
  atPath,
  changed,
  type Fault,
  onMethod,
  wellKnownIssuer,
  whenStatus,
  withForm,
  withLocation,
  withMembers,
} from './lab/fault.ts'
import { createLab, html, json, type Lab } from './lab/lab.ts'
import { examineLab } from './lab/run.ts'

type Case = readonly [
  says: string,
  change: Fault['break'],
  found?: readonly string[],
  options?: Partial<DoctorOptions>,
]

const policy = (value: string): Fault['break'] => {
  return (lab) =>
    lab.addEdge(atPath('/authorize', changed({ headers: { 'Content-Security-Policy': value } })))
}

const cases: readonly Case[] = [
  ['a policy that lists Claude', policy("form-action 'self' https://claude.ai https://claude.com")],
  ['a policy that lets forms go to https', policy('FORM-ACTION https:; default-src *')],
  ['a policy that lets forms go anywhere', policy('form-action *')],
  ['a policy for subdomains', policy("form-action 'self' https://*.ai")],
  ['a policy without form-action', policy("default-src 'none'; frame-ancestors 'none'")],
  ['a policy of no forms', policy("form-action 'none'"), ['error form-action-blocks-callback']],
  [
    'a policy for another port',
    policy('form-action https://claude.ai:8443'),
    ['error form-action-blocks-callback'],
  ],
  [
    'a policy that lists this machine, of any port',
    policy("form-action 'self' http://localhost:*"),
    [],
    { surface: claudeCode },
  ],
  [
    'a policy that does not list this machine',
    policy("form-action 'self' https://claude.ai"),
    ['error form-action-blocks-callback'],
    { surface: claudeCode },
  ],
  ['a page without text fields, whose first button denies', denyFirstWithoutFields],
  [
    'a narrower scope in the registration that nobody holds to',
    (lab) =>
      lab.addEdge(
        atPath(
          '/register',
          withMembers(() => ({ scope: 'notes:read' })),
        ),
      ),
  ],
  [
    'a secret that was not asked for, and is taken in the body',
    (lab) =>
      lab.addEdge(
        atPath('/register', async (request, next) => {
          if (request.method !== 'POST') return next(request)
          const asked = (await request.clone().json()) as Record<string, unknown>
          const body = { ...asked, token_endpoint_auth_method: 'client_secret_post' }
          return next(new Request(request, { body: JSON.stringify(body) }))
        }),
      ),
    ['warning auth-method-changed'],
  ],
  [
    'a registration that cannot be managed, and does not say so',
    (lab) =>
      lab.addEdge(
        atPath(
          '/register',
          withMembers(() => ({ registration_client_uri: undefined, registration_access_token: undefined })),
        ),
      ),
  ],
  ['registration of native clients without a secret only', nativeClientsArePublic],
  [
    'a loopback port that is compared with the one that was registered',
    (lab) =>
      lab.addEdge(
        atPath('/authorize', (request, next) => {
          const isOther = new URL(request.url).searchParams.get('redirect_uri')?.includes(':43118') === true
          return isOther ? html('This redirect URI is not registered.', 400) : next(request)
        }),
      ),
    ['warning loopback-port-compared'],
  ],
  [
    'an answer without iss, where none is promised',
    (lab) => {
      const without = withMembers(() => ({ authorization_response_iss_parameter_supported: undefined }))
      lab.addEdge(atPath(wellKnownIssuer, without))
      lab.addEdge(
        atPath(
          '/sign-in',
          withLocation(({ searchParams }) => searchParams.delete('iss')),
        ),
      )
    },
  ],
  [
    'a tool that takes longer than the examination',
    (lab) => lab.addEdge(onMethod('tools/call', () => new Promise(() => undefined))),
    [],
    { calls: [{ name: 'search_notes', arguments: { text: 'x' } }] },
  ],
  [
    'metadata that names no grants',
    (lab) =>
      lab.addEdge(
        atPath(
          wellKnownIssuer,
          withMembers(() => ({ grant_types_supported: undefined })),
        ),
      ),
  ],
  [
    'a request that is judged only after the sign-in',
    (lab) =>
      lab.addEdge(
        atPath('/authorize', (request, next) => {
          const url = new URL(request.url)
          if (url.searchParams.get('response_type') === 'code') return next(request)
          return new Response(null, { status: 302, headers: { Location: '/login' } })
        }),
      ),
  ],
  [
    'an error of its own for a client that is not known',
    (lab) =>
      lab.addEdge(
        atPath(
          '/token',
          whenStatus(401, () => json({ error: 'access_denied' }, 401)),
        ),
      ),
    ['error unknown-client-not-401'],
  ],
  [
    'a redirect URI that is not asked for at the token endpoint',
    (lab) =>
      lab.addEdge(
        atPath(
          '/token',
          withForm((form) => {
            if (form.has('code')) form.set('redirect_uri', 'https://claude.ai/api/mcp/auth_callback')
          }),
        ),
      ),
  ],
]

const runs = cases.map(([says, change, found = [], options = {}]) => [says, change, found, options] as const)

test.each(runs)('%s', async (_, change, found, options) => {
  const lab = createLab()
  change(lab)
  const report = await examineLab(lab, { isIntrusive: true, ...options })
  expect(report.findings.map(({ severity, id }) => `${severity} ${id}`)).toEqual(found)
  expect(report.checks.filter(({ says }) => says?.startsWith('the check itself failed'))).toEqual([])
})

function denyFirstWithoutFields(lab: Lab): void {
  lab.addEdge(
    atPath(
      '/authorize',
      whenStatus(200, async (request, next) => {
        const answer = await next(request)
        const page = (await answer.text())
          .replace(/(<button.*?<\/button>)(<button.*?<\/button>)/, '$2$1')
          .replace('<input name="username">', '<input type="hidden" name="username" value="ada">')
          .replace(
            'type="password" name="password"',
            'type="hidden" name="password" value="correct horse battery"',
          )
        return new Response(page, { headers: answer.headers })
      }),
    ),
  )
}

function nativeClientsArePublic(lab: Lab): void {
  lab.addEdge(
    atPath('/register', async (request, next) => {
      const text = await request.clone().text()
      const isBoth = text.includes('"native"') && text.includes('client_secret')
      return isBoth ? json({ error: 'invalid_client_metadata' }, 400) : next(request)
    }),
  )
}
