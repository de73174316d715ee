// `--log`: real runs of the connector at the lab and its faults, told from the lines that a proxy writes of them, in every format.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Surface } from '../../../src/client/surface.ts'
import * as surfaces from '../../../src/client/surfaces/index.ts'
import { loggedDiagnoses } from '../../../src/doctor/logs/diagnoses.ts'
import { explainLogs, type LogReport } from '../../../src/doctor/logs/log-report.ts'
import { catalogue } from '../catalogue.ts'
import { brokenLab, loadFaults } from '../lab/fault.ts'
import { createLab } from '../lab/lab.ts'
import { lineFormats } from './line-formats.ts'
import { bytesOf, connectOnce, explainLines, type LoggedExchange, watchLab } from './logged-run.ts'

/** Long after the last line: nothing more comes. */
const later = 3600

const faults = await loadFaults()

async function logOf(surface: Surface, ...ids: string[]): Promise<LoggedExchange[]> {
  const chosen = faults.filter(({ id }) => ids.includes(id))
  if (chosen.length !== ids.length) throw new Error(`there is no such fault among ${ids.join(', ')}`)
  const lab = chosen.length === 0 ? createLab() : brokenLab(...chosen)
  const log = watchLab(lab, surface)
  await connectOnce(lab, surface)
  return log
}

function endOf(log: readonly LoggedExchange[]): number {
  return (log.at(-1)?.at ?? 0) + later
}

function told({ attempts }: LogReport): (string | undefined)[] {
  return attempts.map(({ diagnosis, state }) => diagnosis?.id ?? state)
}

/** By fault of the lab: what its log tells. */
const byFault: Readonly<Record<string, string>> = {
  'address-refused': 'first-request-forbidden',
  'forbidden-without-token': 'first-request-forbidden',
  'host-not-allowed': 'first-request-forbidden',
  'knock-server-error': 'first-request-fails',
  'no-answer': 'first-request-fails',
  'content-type-refused': 'first-request-form-refused',
  'version-checked-first': 'first-request-form-refused',
  'knock-redirected': 'call-redirected',
  'redirected-to-other-host': 'call-redirected',
  'bare-path-not-routed': 'wrong-url',
  'resource-mismatch': 'server-metadata-not-read',
  'metadata-says-http': 'server-metadata-not-read',
  'unknown-well-known-fails': 'metadata-fails',
  'authorization-server-dead': 'metadata-fails',
  'no-way-to-client-id': 'discovery-then-silence',
  'pkce-not-advertised': 'discovery-then-silence',
  'documents-without-none': 'discovery-then-silence',
  'issuer-metadata-missing': 'registration-not-there',
  'registration-needs-token': 'registration-not-open',
  'registration-blocked': 'registration-blocked',
  'issuer-address-refused': 'registration-blocked',
  'registration-broken': 'registration-fails',
  'callback-not-allowed': 'registration-refused',
  'unknown-members-refused': 'registration-refused',
  'resource-refused': 'authorization-refused',
  'unsupported-request-demanded': 'authorization-refused',
  'callback-keeps-post': 'redirect-keeps-post',
  'consent-by-script': 'code-never-redeemed',
  'issuer-parameter-wrong': 'code-never-redeemed',
  'state-changed': 'code-never-redeemed',
  'metadata-names-private-host': 'token-endpoint-not-there',
  'token-route-guarded': 'token-endpoint-not-there',
  'token-origin-guarded': 'token-request-forbidden',
  'token-form-refused': 'token-refused',
  'verifier-miscompared': 'token-refused',
  'token-type-missing': 'token-never-used',
  'token-not-accepted': 'token-rejected-at-once',
  'authorization-header-lost': 'token-rejected-at-once',
  'agent-refused-with-token': 'calls-refused-after-sign-in',
  'call-refused-by-edge': 'calls-refused-after-sign-in',
  'token-check-fails': 'server-fails-at-first-call',
  'legacy-sse-at-url': 'call-form-refused',
  'content-type-wrong': 'one-call-then-silence',
}

/** A good log that ends with its first request there, answered so. */
const byLastAnswer: readonly (readonly [target: string, status: number, id: string])[] = [
  ['/mcp', 401, 'challenged-then-silence'],
  ['/mcp', 403, 'first-request-forbidden'],
  ['/mcp', 404, 'wrong-url'],
  ['/.well-known/oauth-protected-resource', 403, 'metadata-blocked'],
  ['/.well-known/oauth-protected-resource', 401, 'metadata-blocked'],
  ['/.well-known/oauth-protected-resource', 302, 'metadata-redirected'],
  ['/.well-known/oauth-authorization-server', 404, 'metadata-not-there'],
  ['/.well-known/oauth-authorization-server', 503, 'metadata-fails'],
  ['/register', 201, 'registered-then-silence'],
  ['/register', 405, 'registration-not-there'],
  ['/register', 429, 'registration-blocked'],
  ['/authorize', 404, 'authorize-not-there'],
  ['/authorize', 400, 'authorization-refused'],
  ['/sign-in', 500, 'sign-in-page-fails'],
  ['/sign-in', 308, 'redirect-keeps-post'],
  ['/token', 401, 'token-client-refused'],
  ['/token', 404, 'token-endpoint-not-there'],
  ['/token', 502, 'token-request-fails'],
]

/** What comes a day after a good connection. */
const byNextDay: readonly (readonly [
  says: string,
  steps: readonly (readonly [number, string])[],
  id: string,
])[] = [
  [
    'the renewal is refused',
    [
      [401, '/mcp'],
      [400, '/token'],
    ],
    'refresh-refused',
  ],
  [
    'the renewal fails',
    [
      [401, '/mcp'],
      [500, '/token'],
    ],
    'refresh-fails',
  ],
  [
    'two renewals at once',
    [
      [401, '/mcp'],
      [200, '/token'],
      [400, '/token'],
      [401, '/mcp'],
    ],
    'refreshed-twice-at-once',
  ],
  [
    'nobody renews',
    [
      [401, '/mcp'],
      [401, '/mcp'],
    ],
    'never-refreshed',
  ],
  [
    'the session is lost',
    [
      [404, '/mcp'],
      [404, '/mcp'],
      [404, '/mcp'],
    ],
    'session-lost-again-and-again',
  ],
  [
    'the server dies',
    [
      [200, '/mcp'],
      [502, '/mcp'],
      [502, '/mcp'],
    ],
    'server-fails',
  ],
  [
    'a firewall reads along',
    [
      [200, '/mcp'],
      [403, '/mcp'],
    ],
    'calls-forbidden',
  ],
]

describe('where it stopped, and why', () => {
  test.each(Object.entries(byFault))('%s: %s', async (fault, id) => {
    const log = await logOf(surfaces.claudeHosted, fault)
    for (const [name, format] of Object.entries(lineFormats)) {
      const report = await explainLines(log.map(format), endOf(log))
      expect(told(report), name).toEqual([id])
    }
  })

  const good = [
    surfaces.claudeHosted,
    surfaces.claudeHosted2025,
    surfaces.claudeCode,
    surfaces.chatgpt,
    surfaces.vscode,
  ]
  test.each(good.map((surface) => [surface.name, surface] as const))(
    '%s at a good server: connected',
    async (_, surface) => {
      const log = await logOf(surface)
      for (const [name, format] of Object.entries(lineFormats)) {
        const report = await explainLines(log.map(format), endOf(log))
        expect(told(report), name).toEqual(['connected'])
        expect(report.mcpPath).toBe('/mcp')
      }
    },
  )

  test.each(byLastAnswer)('%s is answered %i and nothing follows: %s', async (target, status, id) => {
    const log = await logOf(surfaces.claudeHosted)
    const end = log.findIndex((exchange) => exchange.target.startsWith(target))
    const cut = log
      .slice(0, end + 1)
      .map((exchange, index) => (index === end ? { ...exchange, status } : exchange))
    for (const name of ['combined', 'Caddy JSON']) {
      const format = lineFormats[name]
      if (format === undefined) throw new Error(`there is no ${name}`)
      expect(told(await explainLines(cut.map(format), endOf(cut))), name).toEqual([id])
    }
  })

  test('the first call with the token finds nothing', async () => {
    const log = await logOf(surfaces.claudeHosted)
    const calls = log.filter(({ hasToken }) => hasToken)
    const before = log.filter(({ hasToken }) => !hasToken)
    const all = [...before, ...calls.map((call) => ({ ...call, status: 404 }))]
    const format = lineFormats.combined ?? (() => '')
    expect(told(await explainLines(all.map(format), endOf(all)))).toEqual(['no-server-at-this-url'])
  })

  test('every diagnosis is of the catalogue, has a source, and is made in a test', () => {
    const made = new Set([
      ...Object.values(byFault),
      ...byLastAnswer.map(([, , id]) => id),
      ...byNextDay.map(([, , id]) => id),
      'no-server-at-this-url',
    ])
    expect(loggedDiagnoses.map(({ id }) => id).filter((id) => !made.has(id))).toEqual([])
    expect(new Set(loggedDiagnoses.map(({ id }) => id)).size).toBe(loggedDiagnoses.length)
    const known = new Set(catalogue.map(({ row }) => row))
    for (const { id, rows, sources } of loggedDiagnoses) {
      expect(rows.length, id).toBeGreaterThan(0)
      expect(
        rows.filter((row) => !known.has(row)),
        id,
      ).toEqual([])
      expect(sources.length, id).toBeGreaterThan(0)
    }
  })
})

describe('as real nginx wrote it', () => {
  const expected: Readonly<Record<string, readonly [client: string, outcome: string]>> = {
    'good-hosted': ['Claude', 'connected'],
    'good-code': ['Claude Code', 'connected'],
    'registration-blocked': ['Claude', 'registration-blocked'],
    'token-form-refused': ['Claude', 'token-refused'],
    'agent-refused-with-token': ['Claude', 'calls-refused-after-sign-in'],
    'authorization-header-lost': ['Claude', 'token-rejected-at-once'],
    'callback-keeps-post': ['Claude', 'redirect-keeps-post'],
    'resource-mismatch': ['Claude Code', 'server-metadata-not-read'],
  }
  const folder = join(import.meta.dirname, 'fixtures')
  test.each(readdirSync(folder))('%s', async (file) => {
    const [name = '', format] = file.split('.')
    const text = readFileSync(join(folder, file))
    const report = await explainLogs([bytesOf(text)], { mcpPath: undefined, now: Date.now() / 1000 + later })
    const [client, outcome] = expected[name] ?? []
    expect(told(report)).toEqual([outcome])
    // The common format names no program; where the browser came, the callback does.
    if (format !== 'common') expect(report.attempts[0]?.client).toBe(client)
    expect(report.unreadable).toBe(0)
    expect(JSON.stringify(report)).not.toMatch(/[?&](?:code|state)=|code_challenge/)
  })
})

describe('attempts among others', () => {
  const combined = lineFormats.combined ?? (() => '')

  test('one that stops, one that connects, then tokens that are renewed: two attempts, the latest first', async () => {
    const lab = createLab()
    let isBroken = true
    lab.addEdge(async (request, next) => {
      const isRegistration = new URL(request.url).pathname === '/register'
      return isBroken && isRegistration ? new Response('no', { status: 403 }) : next(request)
    })
    const log = watchLab(lab, surfaces.claudeHosted)
    await connectOnce(lab, surfaces.claudeHosted)
    isBroken = false
    const first = log.splice(0)
    await connectOnce(lab, surfaces.claudeHosted)
    const second = log.map((exchange) => ({ ...exchange, at: exchange.at + 300 }))
    const end = second.at(-1)?.at ?? 0
    const [call] = second.filter(({ hasToken }) => hasToken)
    const token = second.find(({ target }) => target === '/token')
    if (call === undefined || token === undefined) throw new Error('it did not connect')
    const nextDay = [
      { ...call, at: end + 80_000, status: 401 },
      { ...token, at: end + 80_001 },
      { ...call, at: end + 80_002 },
    ]
    const all = [...first, ...second, ...nextDay]
    const report = await explainLines(all.map(combined), endOf(all))
    expect(told(report)).toEqual(['connected', 'registration-blocked'])
    expect(report.attempts[0]?.timeline.map(({ words }) => words)).toContain('refreshed the tokens (200)')
  })

  test('after a good connection a second sign-in that stops is an attempt of its own', async () => {
    const good = await logOf(surfaces.claudeHosted)
    const bad = (await logOf(surfaces.claudeHosted, 'no-way-to-client-id')).map((exchange) => ({
      ...exchange,
      at: exchange.at + 7200,
    }))
    const all = [...good, ...bad]
    expect(told(await explainLines(all.map(combined), endOf(all)))).toEqual([
      'discovery-then-silence',
      'connected',
    ])
  })

  test.each(byNextDay)('a day later %s', async (_, steps, id) => {
    const log = await logOf(surfaces.claudeHosted)
    const last = log.at(-1)
    if (last === undefined) throw new Error('nothing was logged')
    const more = steps.map(([status, target], index) => ({
      ...last,
      at: last.at + 86_400 + index,
      status,
      target,
    }))
    const all = [...log, ...more]
    expect(told(await explainLines(all.map(combined), endOf(all)))).toEqual([id])
  })

  /** As the format with durations has it, and as nginx writes what was given up: 499. */
  test.each([
    ['metadata', '/.well-known/oauth-authorization-server', 'metadata-fails'],
    ['the registration', '/register', 'registration-fails'],
    ['the token', '/token', 'token-request-fails'],
  ])('%s that comes too late is one that does not come', async (_, path, id) => {
    const log = await logOf(surfaces.claudeHosted)
    const until = log.findIndex(({ target }) => target.startsWith(path))
    const begun = log.slice(0, until + 1)
    const last = begun.at(-1)
    if (last === undefined) throw new Error('nothing was logged')
    for (const late of [
      { ...last, seconds: 12.5 },
      { ...last, status: 499 },
    ]) {
      const all = [...begun.slice(0, -1), late]
      const json = lineFormats['nginx JSON'] ?? combined
      expect(told(await explainLines(all.map(json), endOf(all)))).toEqual([id])
    }
  })

  test('a proxy that writes more behind the combined format, and one that logs the request time there', async () => {
    const log = await logOf(surfaces.claudeHosted)
    const traefik = log.map(
      (exchange, index) => `${combined(exchange)} ${index} "mcp@docker" "http://10.0.0.2:80" 3ms`,
    )
    expect(told(await explainLines(traefik, endOf(log)))).toEqual(['connected'])
    const slow = log
      .filter(({ target }) => !target.startsWith('/token'))
      .slice(0, 3)
      .map((exchange) => `${combined(exchange)} rt=12.400`)
    expect(told(await explainLines(slow, endOf(log)))).toEqual(['metadata-fails'])
  })

  test('Claude Code and hosted Claude at once are two attempts', async () => {
    const hosted = await logOf(surfaces.claudeHosted)
    const code = (await logOf(surfaces.claudeCode, 'resource-mismatch')).map((exchange) => ({
      ...exchange,
      address: '203.0.113.9',
    }))
    const all = [...hosted, ...code].toSorted((left, right) => left.at - right.at)
    const report = await explainLines(all.map(combined), endOf(all))
    expect(report.attempts.map(({ client }) => client).toSorted()).toEqual(['Claude', 'Claude Code'])
    expect(told(report).toSorted()).toEqual(['connected', 'server-metadata-not-read'])
  })

  test('the authorization server at another host: its log is read with that of the MCP server', async () => {
    const log = await logOf(surfaces.claudeHosted)
    const isOfIssuer = ({ target }: LoggedExchange): boolean =>
      !target.startsWith('/mcp') && !target.includes('protected-resource')
    const own = log.filter((exchange) => !isOfIssuer(exchange)).map(combined)
    const issuer = log.filter(isOfIssuer).map(lineFormats['nginx JSON'] ?? combined)
    const report = await explainLogs([bytesOf(own.join('\n')), bytesOf(issuer.join('\n'))], {
      mcpPath: undefined,
      now: endOf(log),
    })
    expect(told(report)).toEqual(['connected'])
    expect(report.attempts[0]?.timeline.length).toBeGreaterThan(6)
  })

  test('people, crawlers, monitors and scanners are no attempts', async () => {
    const at = 1_800_000_000
    const visit = (target: string, userAgent: string, status = 200, method = 'GET'): LoggedExchange => ({
      ...{ at, address: '198.51.100.4', method, target, status, bytes: 1, userAgent },
      ...{ hasToken: false, seconds: 0.1 },
    })
    const lines = [
      visit('/', 'Mozilla/5.0'),
      visit('/wp-login.php', 'Mozilla/5.0', 404, 'POST'),
      visit('/.env', 'Go-http-client/1.1', 404),
      visit('/.well-known/openid-configuration', 'python-requests/2.32', 404),
      visit('/mcp', 'curl/8.5.0', 401, 'POST'),
      visit('/healthz', 'kube-probe/1.30'),
    ].map(combined)
    const report = await explainLines(lines, at + later)
    expect(report.attempts.filter(({ state }) => state !== 'looked')).toEqual([])
    expect(report.lines).toBe(6)
  })

  test('what has just happened is not over', async () => {
    const log = await logOf(surfaces.claudeHosted, 'no-way-to-client-id')
    const report = await explainLines(log.map(combined), log.at(-1)?.at ?? 0)
    expect(told(report)).toEqual(['under-way'])
  })

  test('the typed URL tells which path is meant', async () => {
    const log = await logOf(surfaces.claudeHosted, 'bare-path-not-routed')
    const report = await explainLines(log.map(combined), endOf(log), '/other')
    expect(report.mcpPath).toBe('/other')
    expect(told(report)).toEqual(['wrong-url'])
  })
})

describe('hostile logs', () => {
  const now = 1_900_000_000
  const explain = (...texts: (string | Uint8Array)[]): Promise<LogReport> =>
    explainLogs([bytesOf(...texts)], { mcpPath: undefined, now })

  test('nothing, a line without an end, and bytes that are no text', async () => {
    expect(await explain('')).toMatchObject({ lines: 0, attempts: [] })
    const random = crypto.getRandomValues(new Uint8Array(60_000))
    const report = await explain(random, random, random)
    expect(report.attempts).toEqual([])
    expect(report.formats).toEqual([])
  })

  test('an endless line is dropped, and what follows it is read', async () => {
    const good = lineFormats.combined?.({
      ...{ at: now - later, address: '160.79.106.1', method: 'POST', target: '/mcp', status: 403, bytes: 1 },
      ...{ userAgent: 'Claude-User', hasToken: false, seconds: 0 },
    })
    const chunk = 'x'.repeat(1 << 20)
    const report = await explain(...Array.from({ length: 64 }, () => chunk), `\n${good}\n`)
    expect(report).toMatchObject({ lines: 2, unreadable: 1 })
    expect(told(report)).toEqual(['first-request-forbidden'])
  })

  test.each([
    ['a time that is none', '{"ts":"never","method":"POST","uri":"/mcp","status":200}'],
    ['a status that is none', '{"ts":1,"method":"POST","uri":"/mcp","status":"NaN"}'],
    ['an array', '[1,2,3]'],
    ['null', '{"request":null,"ts":1}'],
    ['deep', `{"request":${'['.repeat(20_000)}`],
    ['headers of another kind', '{"ts":1,"status":200,"request":{"method":"POST","uri":"/x","headers":7}}'],
    [
      'a TLS handshake',
      '1.2.3.4 - - [21/Nov/2026:09:53:32 +0000] "\\x16\\x03\\x01\\x02\\x00\\x01" 400 150 "-" "-"',
    ],
    [
      'no address that can be read',
      '1.2.3.4 - - [21/Nov/2026:09:53:32 +0000] "GET http://[ HTTP/1.1" 400 150 "-" "-"',
    ],
    ['quotes without end', `1.2.3.4 - - [21/Nov/2026:09:53:32 +0000] "${'\\"'.repeat(20_000)}`],
  ])('%s: no attempt, no error', async (_, line) => {
    expect((await explain(`${line}\n`)).attempts).toEqual([])
  })

  test('what a stranger wrote into a log is not passed on', async () => {
    const line = `160.79.106.1 - - [21/Nov/2026:09:53:32 +0000] "POST /mcp?token=hush HTTP/1.1" 403 1 "-" "Claude-User\\x1b[31m<script>"`
    const text = JSON.stringify(await explain(`${line}\n`))
    expect(text).toContain('first-request-forbidden')
    expect(text).not.toContain('hush')
    expect(text).not.toContain('script')
  })

  test('whatever the lines are, it comes to an end without an error', async () => {
    const word = fc.oneof(
      fc.constantFrom(
        'POST',
        'GET',
        '/mcp',
        '/token',
        '/authorize?redirect_uri=',
        '/register',
        '"',
        '\\',
        '[',
        ']',
      ),
      fc.constantFrom(
        '{"ts":1,',
        '"request":{',
        '}',
        '200',
        '401',
        'Claude-User',
        '21/Nov/2026:09:53:32 +0000',
      ),
      fc.string(),
    )
    const line = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '))
    const request = fc.record({
      ts: fc.double(),
      status: fc.oneof(fc.integer({ min: -1, max: 700 }), fc.string()),
      request: fc.oneof(
        fc.record({
          method: fc.constantFrom('POST', 'GET', 'DELETE'),
          uri: fc.webPath(),
          headers: fc.jsonValue(),
        }),
        fc.jsonValue(),
      ),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            line,
            request.map((one) => JSON.stringify(one)),
          ),
        ),
        async (lines) => {
          const report = await explain(lines.join('\n'))
          expect(report.unreadable).toBeLessThanOrEqual(report.lines)
        },
      ),
      { numRuns: 300 },
    )
  })

  test.each([
    ['/authorize?redirect_uri=https%3A%2F%2Fevil.example%2Fcb', 'Mozilla/5.0'],
    ['/mcp', 'Claude-Code/1'],
  ])('a flood of %s from ever other addresses', async (target, agent) => {
    const lines = Array.from({ length: 60_000 }, (_, index) => {
      const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
      const method = target === '/mcp' ? 'POST' : 'GET'
      return `${address} - - [21/Nov/2026:09:53:32 +0000] "${method} ${target} HTTP/1.1" 200 1 "-" "${agent}"`
    })
    const report = await explain(`${lines.join('\n')}\n`)
    expect(report.lines).toBe(60_000)
    expect(report.attempts.length).toBeLessThanOrEqual(1000)
  })

  test('more than is kept: the latest count, and the report says so', async () => {
    const line = (second: number): string =>
      `160.79.106.1 - - [21/Nov/2026:09:53:${String(second % 60).padStart(2, '0')} +0000] "POST /mcp HTTP/1.1" 200 1 "-" "Claude-User"\n`
    const block = Array.from({ length: 1000 }, (_, index) => line(index)).join('')
    const report = await explain(...Array.from({ length: 210 }, () => block))
    expect(report).toMatchObject({ lines: 210_000, isCut: true })
    expect(told(report)).toEqual(['connected'])
  })
})
