// Requests that a browser makes for a page of somebody else, cookies that somebody else chose, pages in somebody else's frame.

import { account, authorizeUrl, type Browser, type ConsentForm, type Door, pkce, readForm } from '../door.ts'
import { evilCallback, registerClaude, registerEvil } from './adversary.ts'
import { type Attack, type Mutant, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const server = 'authorization-server/'
const identity = 'identity/'
const ui = 'ui/'

const memory = 'storage/memory/'

/** The consent page as the victim's browser shows it. */
async function victimAtConsent(door: Door): Promise<{ browser: Browser; form: ConsentForm }> {
  const browser = door.browser()
  const form = await browser.openConsent(authorizeUrl(door, await registerClaude(door), pkce().challenge))
  form.fields.set('decision', 'approve')
  return { browser, form }
}

/** Submitted with the victim's cookies, but by a page that is not ours: with these headers, and this token instead of the page's own. */
async function approvesFor(
  door: Door,
  headers: Record<string, string>,
  findToken?: (victim: Browser) => string | Promise<string>,
): Promise<boolean> {
  const { browser, form } = await victimAtConsent(door)
  if (findToken !== undefined) form.fields.set('csrf', await findToken(browser))
  const answer = await door.fetch(form.action, {
    method: 'POST',
    body: form.fields.toString(),
    headers: { ...formHeaders(browser), ...headers },
  })
  return answer.headers.get('location')?.includes('code=') === true
}

function formHeaders(browser: Browser): Record<string, string> {
  return {
    'content-type': 'application/x-www-form-urlencoded',
    cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; '),
  }
}

/** The token of a page that needs no secret to be shown; the same cookie binds both forms to this browser. */
async function signInToken(door: Door, victim: Browser): Promise<string> {
  const flowOnly = [...victim.cookies].filter(([name]) => name.includes('flow')).map((pair) => pair.join('='))
  const page = await door.fetch('/login', { headers: { cookie: flowOnly.join('; ') } })
  return readForm(await page.text()).fields.get('csrf') ?? ''
}

const fromOwnPage = { 'sec-fetch-site': 'same-origin' }

const tokenCompared = without(
  identity,
  "return equalInConstantTime(presented ?? '', expected) ? undefined : 'csrf-token'",
  'return undefined',
)
const siteJudged = without(identity, "if (site !== null && site !== 'same-origin') return 'sec-fetch-site'")

const forgeries: readonly Attack[] = [
  {
    name: '[SBP-02] consent submitted without the token of its page',
    source: 'RFC 9700 §4.7, RFC 6819 §4.4.1.8; house rule 11',
    guard: tokenCompared,
    run: async (door) => succeededIf(await approvesFor(door, fromOwnPage, () => '')),
  },
  {
    name: 'consent submitted by another site that got hold of the token',
    source: 'Fetch Metadata (W3C), RFC 9700 §4.7',
    guard: siteJudged,
    run: async (door) => succeededIf(await approvesFor(door, { 'sec-fetch-site': 'cross-site' })),
  },
  {
    name: 'consent submitted by a neighbouring subdomain that got hold of the token',
    source: 'Fetch Metadata (W3C) §2.2',
    guard: without(identity, "site !== 'same-origin'", "site === 'cross-site'"),
    run: async (door) => succeededIf(await approvesFor(door, { 'sec-fetch-site': 'same-site' })),
  },
  {
    name: '[SBP-02] consent submitted with the token of the sign-in page, which anybody is shown',
    source: 'RFC 6819 §5.3.5, RFC 9700 §4.7',
    guard: without(
      identity,
      "keyedHash(key, 'csrf', browserToken, purpose)",
      "keyedHash(key, 'csrf', browserToken)",
    ),
    run: async (door) =>
      succeededIf(await approvesFor(door, fromOwnPage, (victim) => signInToken(door, victim))),
  },
  {
    name: "[SBP-03] consent submitted with the token of the attacker's own page",
    source: 'RFC 9700 §4.7 (token bound to the user agent)',
    guard: without(
      identity,
      "keyedHash(key, 'csrf', browserToken, purpose)",
      "keyedHash(key, 'csrf', 'login')",
    ),
    run: async (door) =>
      succeededIf(await approvesFor(door, fromOwnPage, () => signInToken(door, door.browser()))),
  },
  {
    name: '[SBP-03] consent submitted with the token of another request in the same browser',
    source: 'MCP security best practices (consent bound to the client)',
    guard: without(server, 'return `consent:${pendingId}`', "return 'consent'"),
    run: async (door) =>
      succeededIf(
        await approvesFor(door, fromOwnPage, async (victim) => {
          const link = authorizeUrl(door, await registerEvil(door), pkce().challenge, {
            redirect_uri: evilCallback,
          })
          return (await victim.openConsent(link)).fields.get('csrf') ?? ''
        }),
      ),
  },
  {
    name: 'consent submitted by an old browser for another site, by its Origin',
    source: 'RFC 6454 §7, OWASP CSRF; RFC 9700 §4.7',
    guard: without(identity, "if (site === null && !isOurOrigin(request.headers, origin)) return 'origin'"),
    run: async (door) => succeededIf(await approvesFor(door, { origin: 'https://evil.example' })),
  },
  {
    name: 'consent submitted by an old browser from a sandboxed frame, whose Origin is null',
    source: 'RFC 6454 §7.3',
    guard: without(
      identity,
      'if (presented === origin) return true',
      "if (presented === origin || presented === 'null') return true",
    ),
    run: async (door) => succeededIf(await approvesFor(door, { origin: 'null' })),
  },
  {
    name: 'consent submitted by an old browser for another port of the same machine',
    source: 'RFC 6454 §4; house rule 12',
    guard: without(identity, 'theirs.port === ours.port &&'),
    run: async (door) => succeededIf(await approvesFor(door, { origin: 'http://localhost:9999' })),
  },
  {
    name: 'a victim signed in as the attacker, to collect what the victim does',
    source: 'RFC 9700 §4.7 (login CSRF), OWASP',
    guard: without(identity, "if (!isGenuinePost(request, form, 'login'))", 'if (false)'),
    async run(door) {
      const fields = new URLSearchParams({ ...account, csrf: '' })
      const answer = await door.browser().post('/login', fields, { 'sec-fetch-site': 'cross-site' })
      return succeededIf(answer.status === 303)
    },
  },
  {
    name: 'a victim signed out by another site',
    source: 'RFC 9700 §4.7 (CSRF)',
    guard: without(
      identity,
      "const form = await browsers.readGenuineForm(request, 'logout')",
      'const form = await readFormBody(request)',
    ),
    async run(door) {
      const { browser } = await victimAtConsent(door)
      await browser.post('/logout', new URLSearchParams('then=/'), {
        'sec-fetch-site': 'cross-site',
      })
      return succeededIf((await browser.get('/login')).status === 200)
    },
  },
  {
    name: '[HS-14] the first account made by another site in the browser of the operator',
    source: 'RFC 9700 §4.7 (CSRF), house rule 14',
    guard: without(identity, "if (!hands.isGenuinePost(request, form, 'setup'))", 'if (false)'),
    async run(_, house) {
      const { door, setupToken } = await house.openNewDoor()
      const fields = new URLSearchParams({ setup: setupToken, username: 'eve', display_name: '', csrf: '' })
      fields.set('password', account.password)
      fields.set('password_again', account.password)
      await door.browser().post('/setup', fields, { 'sec-fetch-site': 'cross-site' })
      return succeededIf(await door.storage.hasUsers())
    },
  },
]

/** What the browser of the victim holds after signing in, and what it held before. */
async function signIn(door: Door, browser: Browser): Promise<void> {
  await browser.openConsent(authorizeUrl(door, await registerClaude(door), pkce().challenge))
}

function sessionCookie(browser: Browser): [name: string, value: string] {
  return [...browser.cookies].find(([name]) => !name.includes('flow')) ?? ['', '']
}

/** True if this cookie alone opens the door: sign-in is not shown to whoever is signed in. */
async function isSignedIn(door: Door, cookie: readonly [string, string]): Promise<boolean> {
  const response = await door.fetch('/login', { headers: { cookie: cookie.join('=') } })
  return response.status === 303
}

const sessions: readonly Attack[] = [
  {
    name: 'a session planted in the browser before its person signs in',
    source: 'RFC 9700 §4.7, OWASP (session fixation); CWE-384',
    guard: without(
      identity,
      'const token = cookie.mint()',
      'const token = cookie.find(request) ?? cookie.mint()',
    ),
    async run(door) {
      const victim = door.browser()
      const planted = ['postern-8787', `pst_bs_${'A'.repeat(43)}`] as const
      victim.cookies.set(...planted)
      await signIn(door, victim)
      return succeededIf(await isSignedIn(door, planted))
    },
  },
  {
    name: 'a stolen session that outlives the next sign-in of its owner',
    source: 'OWASP session management, RFC 9700 §4.7; CWE-613',
    guard: without(identity, 'await forget(request) const token', 'const token'),
    async run(door) {
      const victim = door.browser()
      await signIn(door, victim)
      const stolen = sessionCookie(victim)
      const { action, fields } = readForm(
        await (await door.fetch('/login', { headers: { cookie: flowCookie(victim) } })).text(),
      )
      for (const [name, value] of Object.entries(account)) fields.set(name, value)
      await victim.post(action, fields)
      return succeededIf(sessionCookie(victim)[1] !== stolen[1] && (await isSignedIn(door, stolen)))
    },
  },
  {
    name: 'a stolen session that outlives its sign-out',
    source: 'OWASP session management; CWE-613; RFC 9700 §4.14.2',
    guard: without(identity, 'async end(request) { await forget(request)', 'async end(request) {'),
    async run(door) {
      const victim = door.browser()
      const { html } = await victim.openConsent(
        authorizeUrl(door, await registerClaude(door), pkce().challenge),
      )
      const stolen = sessionCookie(victim)
      const signOut = /action="\/logout".*?name="csrf" value="([^"]+)"/s.exec(html)?.[1] ?? ''
      await victim.post('/logout', new URLSearchParams([['csrf', signOut]]))
      return succeededIf(!victim.cookies.has(stolen[0]) && (await isSignedIn(door, stolen)))
    },
  },
  {
    name: 'a stolen session on the next day',
    source: 'OWASP session management; CWE-613; RFC 6819 §5.1.5.3',
    guard: without(
      memory,
      'return copyOf(liveOf(browserSessions.get(sessionHash), now))',
      'return copyOf(browserSessions.get(sessionHash))',
    ),
    async run(door) {
      const victim = door.browser()
      await signIn(door, victim)
      door.clock.now += 86_400
      return succeededIf(await isSignedIn(door, sessionCookie(victim)))
    },
  },
]

function flowCookie(browser: Browser): string {
  return [...browser.cookies]
    .filter(([name]) => name.includes('flow'))
    .map((pair) => pair.join('='))
    .join('; ')
}

/** The cookies that a browser is given by a door behind TLS, as they are sent. */
async function cookiesOf(house: House): Promise<string[]> {
  const door = await house.openDoor({ publicUrl: 'https://mcp.example.com' })
  const first = await door.fetch(authorizeUrl(door, await registerClaude(door), pkce().challenge))
  const page = readForm(await (await door.fetch('/login', { headers: { cookie: cookieIn(first) } })).text())
  for (const [name, value] of Object.entries(account)) page.fields.set(name, value)
  const second = await door.fetch('/login', {
    method: 'POST',
    body: page.fields.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: cookieIn(first), ...fromOwnPage },
  })
  const cookies = [first, second].flatMap((response) => response.headers.getSetCookie())
  if (cookies.length !== 2) throw new Error(`expected two cookies: ${cookies.join(' / ')}`)
  return cookies
}

function cookieIn(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

function cookieAttack(
  name: string,
  source: string,
  guard: Mutant,
  isWeak: (cookie: string) => boolean,
): Attack {
  return { name, source, guard, run: async (_, house) => succeededIf((await cookiesOf(house)).some(isWeak)) }
}

const prefixed = without(identity, '`__Host-${label}`', 'label')

const cookies: readonly Attack[] = [
  cookieAttack(
    '[SBP-03] a cookie planted by a subdomain or over plain http',
    'RFC 6265 §8.6, draft-ietf-httpbis-rfc6265bis §4.1.3 (__Host-)',
    prefixed,
    (line) => !line.startsWith('__Host-'),
  ),
  cookieAttack(
    '[SBP-03] a cookie read by script that got into a page',
    'RFC 6265 §8.3, OWASP',
    without(identity, 'httpOnly: true', 'httpOnly: false'),
    (line) => !/;\s*httponly/i.test(line),
  ),
  cookieAttack(
    '[SBP-03] a cookie sent along with the form of another site',
    'draft-ietf-httpbis-rfc6265bis §5.6.7, RFC 9700 §4.7',
    without(identity, "sameSite: 'Lax'", "sameSite: 'None'"),
    (line) => !/;\s*samesite=(?:lax|strict)/i.test(line),
  ),
  {
    ...cookieAttack(
      '[SBP-03] a cookie overheard on the way',
      'RFC 6265 §8.3',
      without(identity, 'secure: isSecure', 'secure: false'),
      (line) => !/;\s*secure/i.test(line),
    ),
    // A cookie with the prefix cannot even be written without it.
    alsoNeeds: [prefixed],
  },
]

/** Every page that a person acts on. */
async function pagesOf(house: House): Promise<Response[]> {
  const door = await house.openDoor()
  const browser = door.browser()
  const consent = await browser.openConsent(authorizeUrl(door, await registerClaude(door), pkce().challenge))
  const { door: newDoor } = await house.openNewDoor()
  return [consent.response, await door.fetch('/login'), await newDoor.fetch('/setup'), await door.fetch('/')]
}

function policyOf(page: Response, directive: string): string | undefined {
  const directives = (page.headers.get('content-security-policy') ?? '').split(';').map((one) => one.trim())
  return directives.find((one) => one.startsWith(`${directive} `))?.slice(directive.length + 1)
}

function pageAttack(
  name: string,
  source: string,
  guard: Mutant,
  isWeak: (page: Response) => boolean,
): Attack {
  return { name, source, guard, run: async (_, house) => succeededIf((await pagesOf(house)).some(isWeak)) }
}

const frames: readonly Attack[] = [
  pageAttack(
    "[OA21-24] [SBP-02] a page of ours in an invisible frame under the victim's mouse",
    'RFC 9700 §4.16, RFC 6819 §4.4.1.9 (clickjacking); CSP Level 3',
    without(ui, `"frame-ancestors 'none'",`),
    (page) => policyOf(page, 'frame-ancestors') !== "'none'",
  ),
  pageAttack(
    '[OA21-24] the same in a browser that knows no frame-ancestors',
    'RFC 7034, RFC 9700 §4.16',
    without(ui, `'x-frame-options': 'DENY',`),
    (page) => page.headers.get('x-frame-options') !== 'DENY',
  ),
  pageAttack(
    'script that got into a page through some hole',
    'CSP Level 3 §6.1; RFC 9700 §4.2.4',
    without(ui, `"default-src 'none'",`),
    (page) => {
      const sources = policyOf(page, 'script-src') ?? policyOf(page, 'default-src') ?? '*'
      return sources !== "'none'" && !/^'sha256-[\w+/=]+'$/.test(sources)
    },
  ),
  pageAttack(
    '[R9700-04] a picture that got into a page and tells its owner who is reading',
    'RFC 9700 §4.2.4; CSP Level 3',
    without(ui, `'img-src data:',`, `'img-src *',`),
    (page) => policyOf(page, 'img-src') !== 'data:',
  ),
  pageAttack(
    'a base element that got into a page and sends its forms elsewhere',
    'CSP Level 3 §6.3.1',
    without(ui, `"base-uri 'none'",`),
    (page) => policyOf(page, 'base-uri') !== "'none'",
  ),
  pageAttack(
    'a form that got into a page and takes the password elsewhere',
    'CSP Level 3 §6.3.2',
    without(ui, "`form-action ${(frame.formAction ?? [\"'none'\"]).join(' ')}`,"),
    (page) => !/^'(?:self|none)'/.test(policyOf(page, 'form-action') ?? '*'),
  ),
  pageAttack(
    '[R9700-04] the address of a request, read in the Referer by the next site',
    'RFC 9700 §4.2.4, RFC 6819 §4.4.1.1',
    without(ui, `'referrer-policy': 'same-origin',`),
    (page) => !['same-origin', 'no-referrer'].includes(page.headers.get('referrer-policy') ?? ''),
  ),
  pageAttack(
    'a page with a token in it, kept by a cache or shown again by the back button of the next person',
    'RFC 9111 §5.2.2.5',
    without(ui, `'cache-control': 'no-store',`),
    (page) => !(page.headers.get('cache-control') ?? '').includes('no-store'),
  ),
]

export const browserAttacks: readonly Attack[] = [...forgeries, ...sessions, ...cookies, ...frames]
