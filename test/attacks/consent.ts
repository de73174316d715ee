// The approval of a person: gone without, taken for another client, for more than was shown, or by another browser.

import { authorizeUrl, type Browser, claudeCallback, connect, type Door, pkce, readForm } from '../door.ts'
import {
  asksForConsent,
  evilCallback,
  followLink,
  obtainCode,
  redeem,
  registerClaude,
  registerEvil,
} from './adversary.ts'
import { type Attack, type Mutant, succeededIf, without } from './attack.ts'

const server = 'authorization-server/'
const oauth = 'oauth/'

const memory = 'storage/memory/'

/** Consent as it is remembered elsewhere: whoever matches is sent on without being asked. */
function rememberedFor(match: string): Mutant {
  return without(
    server,
    'return show(request, { pending, client, user, resource })',
    `const known = (await storage.listGrants({ userId: user.userId }, 100)).some((grant) => ${match})
     if (known) {
       const decision = { kind: 'approved', scope: pending.scope, userId: user.userId, decidedAt: clock() }
       const stands = await storage.decidePendingAuthorization(pendingId, decision, codeFor(pending, decision), clock())
       return sendBack(stands, stands.decision)
     }
     return show(request, { pending, client, user, resource })`,
  )
}

/** Whether a browser whose person is signed in is sent out of the door with a code, by a link alone. */
async function givesCodeUnasked(browser: Browser, link: string): Promise<boolean> {
  const first = await browser.get(link)
  const second = await browser.get(first.headers.get('location') ?? '/')
  return new URL(second.headers.get('location') ?? '/', 'http://localhost').searchParams.has('code')
}

const unasked: readonly Attack[] = [
  {
    name: '[SBP-01] [HS-07] a second client that profits from the approval of the first',
    source: 'MCP security best practices (confused deputy)',
    guard: rememberedFor('true'),
    async run(door) {
      const browser = door.browser()
      await connect(door, { browser })
      const link = authorizeUrl(door, await registerEvil(door), pkce().challenge, {
        redirect_uri: evilCallback,
      })
      return succeededIf(await givesCodeUnasked(browser, link))
    },
  },
  {
    name: '[HS-07] a program on the same device that takes the id and a port of an approved one',
    source: 'RFC 8252 §8.6, house rule 7',
    guard: rememberedFor('grant.clientRowId === client.rowId'),
    async run(door) {
      const browser = door.browser()
      const redirectUri = 'http://localhost:3118/callback'
      const { clientId } = await connect(door, { browser, redirectUri })
      const link = authorizeUrl(door, clientId, pkce().challenge, {
        redirect_uri: 'http://localhost:6666/callback',
      })
      return succeededIf(await givesCodeUnasked(browser, link))
    },
  },
  {
    name: '[HS-07] more scope asked for silently under an old approval',
    source: 'RFC 6819 §4.4.1.10, house rule 7; MCP security best practices (scope minimization)',
    guard: rememberedFor('grant.redirectUri === pending.redirectUri'),
    async run(door) {
      const browser = door.browser()
      const { clientId } = await connect(door, { browser, untick: 'write' })
      return succeededIf(await givesCodeUnasked(browser, authorizeUrl(door, clientId, pkce().challenge)))
    },
  },
  {
    name: '[HS-04] a client that was brought back, and is taken as approved',
    source: 'house rule 4',
    guard: rememberedFor("grant.clientRowId === client.rowId || client.kind === 'recovered'"),
    async run(door) {
      const browser = door.browser()
      await connect(door, { browser })
      return succeededIf(
        await givesCodeUnasked(browser, authorizeUrl(door, 'lost-in-a-backup', pkce().challenge)),
      )
    },
  },
]

async function grantedScope(
  door: Door,
  asked: string,
  change: (form: URLSearchParams) => void,
): Promise<string> {
  const clientId = await registerClaude(door)
  const { verifier, challenge } = pkce()
  const redirect = await followLink(
    authorizeUrl(door, clientId, challenge, { scope: asked }),
    door.browser(),
    change,
  )
  const code = redirect?.searchParams.get('code') ?? ''
  return String((await redeem(door, { clientId, code, verifier })).body.scope)
}

const scopes: readonly Attack[] = [
  {
    name: '[SBP-12] a scope that the person unticked',
    source: 'RFC 6749 §3.3, OAuth 2.1 §1.4.1',
    guard: without(
      server,
      '.filter((one) => !isOptional(one, asked) || ticked.has(one.name))',
      '.filter(() => true)',
    ),
    run: async (door) =>
      succeededIf((await grantedScope(door, 'read write', (form) => form.delete('scope'))).includes('write')),
  },
  {
    name: '[SBP-12] a scope slipped into the form that the request never asked for',
    source: 'RFC 6819 §5.1.5.1; CWE-472 (RFC 9700 §4.15)',
    guard: without(
      server,
      '.map(({ name }) => name) if (scope.length === 0)',
      ".map(({ name }) => name).concat(form.getAll('scope')); if (scope.length === 0)",
    ),
    run: async (door) =>
      succeededIf(
        /write|admin/.test(
          await grantedScope(door, 'read', (form) => {
            form.append('scope', 'write')
            form.append('scope', 'admin')
          }),
        ),
      ),
  },
]

/** A request that the attacker began, opened and approved in the browser of somebody else. */
async function approvesForeignRequest(door: Door): Promise<boolean> {
  const attacker = door.browser()
  const started = await attacker.get(authorizeUrl(door, await registerClaude(door), pkce().challenge))
  const address = started.headers.get('location') ?? ''
  const victim = door.browser()
  await asksForConsent(authorizeUrl(door, await registerClaude(door), pkce().challenge), victim)
  const page = await victim.get(address)
  if (page.status !== 200) return false
  const { action, fields } = readForm(await page.text())
  fields.set('decision', 'approve')
  return (await victim.post(action, fields)).headers.get('location')?.includes('code=') === true
}

const browsers: readonly Attack[] = [
  {
    name: '[SBP-05] a request that the attacker began, for the victim to finish in another browser',
    source: 'RFC 9700 §4.7, RFC 6819 §4.4.1.7 (session fixation)',
    guard: without(
      server,
      'if (!equalInConstantTime(pending.browserHash, login.browserOf(request).browserHash))',
      'if (false)',
    ),
    run: async (door) => succeededIf(await approvesForeignRequest(door)),
  },
  {
    name: 'a refusal turned into approval by a second submission',
    source: 'RFC 6819 §5.1.5.4; anthropics/claude-ai-mcp#562',
    guard: without(memory, 'if (record.decision === undefined) {', 'if (true) {'),
    async run(door) {
      const browser = door.browser()
      const { action, fields } = await browser.openConsent(
        authorizeUrl(door, await registerClaude(door), pkce().challenge),
      )
      fields.set('decision', 'deny')
      await browser.post(action, fields)
      fields.set('decision', 'approve')
      const again = await browser.post(action, fields)
      return succeededIf(again.headers.get('location')?.includes('code=') === true)
    },
  },
  {
    name: 'a consent page left open on a shared computer, answered an hour later',
    source: 'MCP security best practices (state lifetime), RFC 6819 §5.1.5.3',
    guard: without(
      memory,
      'const record = liveOf(pending.get(pendingId), now)',
      'const record = pending.get(pendingId)',
    ),
    alsoNeeds: [
      without(
        memory,
        'return copyOf(liveOf(pending.get(pendingId), now))',
        'return copyOf(pending.get(pendingId))',
      ),
    ],
    async run(door) {
      const browser = door.browser()
      const { action, fields } = await browser.openConsent(
        authorizeUrl(door, await registerClaude(door), pkce().challenge),
      )
      door.clock.now += 3600
      fields.set('decision', 'approve')
      return succeededIf(
        (await browser.post(action, fields)).headers.get('location')?.includes('code=') === true,
      )
    },
  },
]

/** What a client that compares `iss` makes of an answer that another server passed on to it. */
function fallsForMixUp(answer: URL): boolean {
  return answer.searchParams.get('iss') === null || answer.searchParams.getAll('iss').length > 1
}

const mixUps: readonly Attack[] = [
  {
    name: '[AUTH-2026-07-28-11] [R9207-01] [SBP-13] a code passed on to a client that thinks it came from elsewhere',
    source: 'RFC 9700 §4.4 (mix-up), RFC 9207 §2',
    guard: without(oauth, "parameters.set('iss', issuer)"),
    async run(door) {
      const answer = await followLink(
        authorizeUrl(door, await registerClaude(door), pkce().challenge),
        door.browser(),
      )
      return succeededIf(answer?.searchParams.has('code') === true && fallsForMixUp(answer))
    },
  },
  {
    name: '[AUTH-2026-07-28-11] [R9207-01] an error passed on to a client that thinks it came from elsewhere',
    source: 'RFC 9207 §2 (errors), RFC 9700 §4.4.2.1',
    guard: without(oauth, "parameters.set('iss', issuer)"),
    async run(door) {
      const link = authorizeUrl(door, await registerClaude(door), pkce().challenge, {
        response_type: 'token',
      })
      const answer = await door.fetch(link)
      return succeededIf(fallsForMixUp(new URL(answer.headers.get('location') ?? '/', door.origin)))
    },
  },
  {
    name: 'a state that adds parameters of its own to the answer',
    source: 'RFC 6749 §4.1.2; CWE-113 (injection into the redirect); RFC 9207 §4',
    guard: without(
      oauth,
      "const query = parameters.toString().replaceAll('+', '%20')",
      "const query = parameters.toString().replaceAll('+', '%20') + `&state=${'state' in answer ? answer.state : ''}`",
    ),
    async run(door) {
      const state = 'x&iss=https://evil.example&code=of-the-attacker'
      const answer = await followLink(
        authorizeUrl(door, await registerClaude(door), pkce().challenge, { state }),
        door.browser(),
      )
      return succeededIf(
        (answer?.searchParams.getAll('iss').length ?? 0) > 1 ||
          (answer?.searchParams.getAll('code').length ?? 0) > 1,
      )
    },
  },
  {
    name: '[OA21-23] an approval that makes the browser repeat its form at the callback',
    source: 'RFC 9700 §4.12, OAuth 2.1 §7.5.3',
    guard: without(
      server,
      "return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })",
      "return new Response(null, { status: 307, headers: { location, 'cache-control': 'no-store' } })",
    ),
    async run(door) {
      const browser = door.browser()
      const { action, fields } = await browser.openConsent(
        authorizeUrl(door, await registerClaude(door), pkce().challenge),
      )
      fields.set('decision', 'approve')
      const answer = await browser.post(action, fields)
      const isRepeated = answer.status === 307 || answer.status === 308
      return succeededIf(isRepeated && answer.headers.get('location')?.startsWith(claudeCallback) === true)
    },
  },
]

/** Whoever is removed between approval and exchange. */
const latecomers: readonly Attack[] = [
  {
    name: 'the code of a person whose account is removed before the client exchanges it',
    source: 'RFC 6819 §5.1.5.3; RFC 9700 §4.14.2 (security events)',
    guard: without(
      memory,
      'if (code.userId === userId && code.grantId === undefined) held.codes.delete(hash)',
    ),
    async run(door) {
      const own = await obtainCode(door)
      const [user] = await door.storage.listUsers(1)
      await door.storage.removeUser(user?.userId ?? '', door.clock.now)
      return succeededIf((await redeem(door, own)).status === 200)
    },
  },
]

export const consentAttacks: readonly Attack[] = [
  ...unasked,
  ...scopes,
  ...browsers,
  ...mixUps,
  ...latecomers,
]
