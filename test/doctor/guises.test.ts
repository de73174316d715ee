// From the first packet to the metadata: one fault has many guises, and some of what is odd is no fault at all.

import { describe, expect, test } from 'vitest'
import {
  atPath,
  brokenLab,
  changed,
  type Fault,
  wellKnownResource,
  whenStatus,
  withMembers,
} from './lab/fault.ts'
import { html, json, type Lab, notFound } from './lab/lab.ts'
import { examineLab } from './lab/run.ts'

type Guise = readonly [says: string, finding: string, guise: Partial<Fault> & Pick<Fault, 'break'>]

const mcp = /^\/mcp\/?$/

const guises: readonly Guise[] = [
  [
    'a firewall that answers in plain text',
    'address-refused',
    { break: (lab) => lab.addEdge(() => new Response('error code: 1006', { status: 403 })) },
  ],
  [
    'a host list that answers 421',
    'host-not-allowed',
    { break: (lab) => lab.addEdge(atPath(mcp, () => new Response('Misdirected Request', { status: 421 }))) },
  ],
  [
    'a login page with 200',
    'login-page-instead-of-401',
    {
      break: (lab) =>
        lab.addEdge(atPath(mcp, () => html('<form>Sign in <input type="password" name="p"></form>'))),
    },
  ],
  [
    'a missing token told as a tool’s result',
    'token-asked-in-band',
    {
      break: (lab) => {
        const result = { isError: true, content: [{ type: 'text', text: 'Authentication required' }] }
        lab.addEdge(
          atPath(
            mcp,
            whenStatus(401, () => json({ jsonrpc: '2.0', id: 0, result })),
          ),
        )
      },
    },
  ],
  [
    'a session that only server/discover is asked for: it costs a request',
    'session-asked-first',
    { break: (lab) => lab.addEdge(refusedUnlessInitialize(lab, 'Bad Request: Mcp-Session-Id is required')) },
  ],
  [
    'a challenge with a quote inside a value',
    'challenge-not-bearer-first',
    {
      break: (lab) => {
        const pointer = `${new URL(lab.url).origin}/.well-known/oauth-protected-resource/mcp`
        const challenge = `Bearer error_description="the token "" is missing", resource_metadata="${pointer}"`
        lab.addEdge(atPath(mcp, whenStatus(401, changed({ headers: { 'WWW-Authenticate': challenge } }))))
      },
    },
  ],
  [
    'dot folders that were not deployed, before a server that speaks JSON',
    'well-known-blocked',
    { break: (lab) => lab.addEdge(atPath(/^\/\./, () => html('The page could not be found', 404))) },
  ],
  [
    'metadata of an issuer with a path, mounted below it',
    'resource-metadata-appended',
    {
      settings: { issuerForm: 'path' },
      break: (lab) =>
        lab.addEdge((request, next) => {
          const url = new URL(request.url)
          if (/oauth-authorization-server\/|openid/.test(url.pathname)) return notFound()
          if (url.pathname !== '/tenant/.well-known/oauth-authorization-server') return next(request)
          return next(new Request(`${url.origin}/.well-known/oauth-authorization-server/tenant`, request))
        }),
    },
  ],
  [
    'a pointer by http',
    'metadata-says-http',
    {
      break: (lab) => {
        const pointer = `http://${new URL(lab.url).host}/.well-known/oauth-protected-resource/mcp`
        const challenge = `Bearer resource_metadata="${pointer}", scope="notes:read"`
        lab.addEdge(atPath(mcp, whenStatus(401, changed({ headers: { 'WWW-Authenticate': challenge } }))))
      },
    },
  ],
  [
    'two places of the metadata that name two authorization servers',
    'resource-metadata-in-one-place',
    {
      break: (lab) => {
        lab.addEdge(
          atPath('/elsewhere', (request, next) =>
            next(new Request(`${new URL(lab.url).origin}/.well-known/oauth-protected-resource`, request)),
          ),
        )
        lab.addEdge(
          atPath(
            /^\/\.well-known\/oauth-protected-resource\/mcp$/,
            withMembers(() => ({ authorization_servers: ['https://other.lab.example'] })),
          ),
        )
        const challenge = `Bearer resource_metadata="${new URL(lab.url).origin}/elsewhere", scope="notes:read"`
        lab.addEdge(atPath(mcp, whenStatus(401, changed({ headers: { 'WWW-Authenticate': challenge } }))))
      },
    },
  ],
  [
    'a catalogue of scopes that nobody reads',
    'scopes-too-broad',
    {
      break: (lab) => {
        const many = Array.from({ length: 30 }, (_, index) => `scope:${index}`)
        lab.addEdge(
          atPath(
            wellKnownResource,
            withMembers(() => ({ scopes_supported: many })),
          ),
        )
        lab.addEdge(
          atPath(mcp, whenStatus(401, changed({ headers: { 'WWW-Authenticate': pointerOnly(lab) } }))),
        )
      },
    },
  ],
]

const harmless: readonly (readonly [string, (lab: Lab) => void])[] = [
  [
    'a query in the URL that is no credential',
    (lab) => {
      lab.url = `${lab.url}?utm_source=plugin`
    },
  ],
  [
    'a page with 404 for what is not there',
    (lab) =>
      lab.addEdge(async (request, next) => {
        const answer = await next(request)
        return answer.status === 404 ? html('Not found', 404) : answer
      }),
  ],
  [
    'a token asked for at every path that is not there',
    (lab) =>
      lab.addEdge(async (request, next) => {
        const answer = await next(request)
        return answer.status === 404 ? json({ error: 'unauthorized' }, 401) : answer
      }),
  ],
  [
    'another scheme behind Bearer, as a server that also takes DPoP announces it',
    (lab) =>
      lab.addEdge(
        atPath(
          mcp,
          whenStatus(401, async (request, next) => {
            const bearer = (await next(request)).headers.get('WWW-Authenticate')
            const both = `${bearer}, DPoP algs="ES256"`
            return changed({ headers: { 'WWW-Authenticate': both } })(request, next)
          }),
        ),
      ),
  ],
  [
    'a GET that opens a stream without an event',
    (lab) =>
      lab.addEdge(
        atPath(mcp, (request, next) => {
          const isMeant = request.method === 'GET'
          const headers = { 'Content-Type': 'text/event-stream' }
          return isMeant ? new Response(new ReadableStream(), { headers }) : next(request)
        }),
      ),
  ],
  [
    'a root of the host that is closed to everybody',
    (lab) => lab.addEdge(atPath('/nothing-is-here', () => html('403 Forbidden', 403))),
  ],
]

describe('another guise', () => {
  test.each(guises)('%s is %s', async (_, finding, guise) => {
    const report = await examineLab(brokenLab({ rows: [], says: '', ...guise }))
    const found = report.findings.map(({ id, cause }) => `${id}: ${cause}`)
    expect(report.findings[0]?.id, found.join('\n')).toBe(finding)
  })
})

describe('no fault', () => {
  test.each(harmless)('%s', async (_, change) => {
    const report = await examineLab(brokenLab({ rows: [], says: '', break: change }))
    expect(report.findings.map(({ id, cause }) => `${id}: ${cause}`)).toEqual([])
  })
})

function refusedUnlessInitialize(lab: Lab, message: string): Parameters<Lab['addEdge']>[0] {
  return atPath(new URL(lab.url).pathname, async (request, next) => {
    const isLater = request.method === 'POST' && !(await request.clone().text()).includes('"initialize"')
    return isLater && !request.headers.has('authorization')
      ? json({ jsonrpc: '2.0', error: { code: -32000, message }, id: null }, 400)
      : next(request)
  })
}

function pointerOnly(lab: Lab): string {
  return `Bearer resource_metadata="${new URL(lab.url).origin}/.well-known/oauth-protected-resource/mcp"`
}
