// The password of somebody else, whether somebody has an account at all, and the first account of a new door.

import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { account, authorizeUrl, type Browser, type Door, pkce, readForm } from '../door.ts'
import { anyOf, registerClaude } from './adversary.ts'
import { type Attack, succeededIf, without } from './attack.ts'

const server = 'authorization-server/'
const identity = 'identity/'

const memory = 'storage/memory/'

/** One guess at the sign-in page: the status tells whether it was right (303), wrong (403), or not looked at (429). */
async function guess(
  door: Door,
  username: string,
  password: string,
  browser: Browser = door.browser(),
): Promise<{ status: number; html: string }> {
  const { action, fields } = readForm(await (await browser.get('/login')).text())
  fields.set('username', username)
  fields.set('password', password)
  const response = await browser.post(action, fields)
  return { status: response.status, html: await response.text() }
}

const guessing: readonly Attack[] = [
  {
    name: 'a password found by the fiftieth guess',
    source: 'RFC 6819 §5.1.4.2.3, NIST SP 800-63B §3.2.2',
    guard: without(identity, 'perName: 10,', 'perName: 10_000,'),
    async run(door) {
      for (let index = 0; index < 50; index++) await guess(door, account.username, `guess ${index}`)
      return succeededIf((await guess(door, account.username, account.password)).status === 303)
    },
  },
  {
    name: 'the name of the victim written in many ways, each with guesses of its own',
    source: 'RFC 6819 §5.1.4.2.3; OWASP (case of the user name); RFC 8265 §3',
    guard: without(
      identity,
      "const name = username.normalize('NFKC').trim().toLowerCase()",
      'const name = username',
    ),
    async run(door) {
      for (const name of ['ADA', 'aDA', 'Ada', 'ａｄａ', ' ada ']) {
        for (let index = 0; index < 9; index++) await guess(door, name, `guess ${index}`)
      }
      return succeededIf((await guess(door, account.username, account.password)).status === 303)
    },
  },
  {
    name: 'one common password tried on hundreds of names',
    source: 'RFC 6819 §5.1.4.2.3 (password spraying)',
    guard: without(identity, 'overall: 200', 'overall: 1_000_000'),
    async run(door) {
      for (let index = 0; index < 220; index++) await guess(door, `name-${index}`, account.password)
      return succeededIf((await guess(door, account.username, account.password)).status === 303)
    },
  },
  {
    name: 'guesses made all at one instant, before the first has failed',
    source: 'RFC 6819 §5.1.4.2.3; CWE-362',
    guard: without(identity, 'for (const { window } of counts) window.failures++'),
    async run(door) {
      const guesses = Array.from({ length: 30 }, (_, index) =>
        guess(door, account.username, `guess ${index}`),
      )
      const looked = (await Promise.all(guesses)).filter(({ status }) => status === 403)
      return succeededIf(looked.length > 10)
    },
  },
  {
    name: 'guesses at the name of the victim, to lock the victim out',
    source: 'RFC 6819 §5.1.4.2.3 (account lockout as denial of service), house rule 12',
    guard: without(identity, 'trustedBrowsers.has(pair) ?', 'false ?'),
    async run(door) {
      const victim = door.browser()
      await guess(door, account.username, account.password, victim)
      for (const name of victim.cookies.keys()) if (!name.includes('flow')) victim.cookies.delete(name)
      for (let index = 0; index < 20; index++) await guess(door, account.username, `guess ${index}`)
      return succeededIf((await guess(door, account.username, account.password, victim)).status === 429)
    },
  },
]

/** How many passwords are hashed for this: work is compared and not time, which a busy machine bends. */
async function hashesFor(work: () => Promise<unknown>): Promise<number> {
  const { argon2 } = crypto
  let count = 0
  const counted: typeof argon2 = (...given) => {
    count++
    argon2(...given)
  }
  Object.assign(crypto, { argon2: counted })
  syncBuiltinESMExports()
  try {
    await work()
  } finally {
    Object.assign(crypto, { argon2 })
    syncBuiltinESMExports()
  }
  return count
}

const enumeration: readonly Attack[] = [
  {
    name: 'whether a name has an account, told by the time that a refusal takes',
    source: 'OWASP (user enumeration), CWE-208',
    guard: without(
      identity,
      'const isRight = await queue.run(',
      "if (stored === undefined) return { outcome: 'refused' }; const isRight = await queue.run(",
    ),
    async run(door) {
      const known = await hashesFor(() => guess(door, account.username, 'wrong password'))
      const unknown = await hashesFor(() => guess(door, 'nobody', 'wrong password'))
      if (known === 0) throw new Error('no hash was counted')
      return succeededIf(known !== unknown)
    },
  },
  {
    name: 'whether a name has an account, told by the words of a refusal',
    source: 'OWASP (user enumeration), CWE-204',
    guard: without(
      identity,
      'fault: text.signIn.wrong',
      "fault: (await storage.findUserByName(username)) === undefined ? 'There is no such account.' : text.signIn.wrong",
    ),
    async run(door) {
      const [known, unknown] = await Promise.all(
        [account.username, 'nob'].map((name) => guess(door, name, 'wrong password')),
      )
      const wordsOf = (html = ''): string => html.replace(/value="[^"]*"/g, '')
      return succeededIf(known?.status !== unknown?.status || wordsOf(known?.html) !== wordsOf(unknown?.html))
    },
  },
]

async function makeAccount(door: Door, setupToken: string, username: string): Promise<number> {
  const browser = door.browser()
  // Where the page is gone, its form is still known from before.
  const { fields } = readForm(await (await browser.get('/setup')).text().then(formOrNone))
  fields.set('setup', setupToken)
  fields.set('username', username)
  fields.set('password', account.password)
  fields.set('password_again', account.password)
  return (await browser.post('/setup', fields)).status
}

function formOrNone(html: string): string {
  return html.includes('name="csrf"') ? html : '<form action="/setup"><input name="csrf" value=""></form>'
}

const firstOnly = without(memory, "if (users.size > 0) return 'not-first'")
const linkSpent = without(
  memory,
  'userIdsByName.set(usernameKey(user.username), user.userId) held.setupLink = undefined',
  'userIdsByName.set(usernameKey(user.username), user.userId)',
)

async function accountsAfter(door: Door, work: () => Promise<unknown>): Promise<number> {
  await work()
  return (await door.storage.listUsers(10)).length
}

const setup: readonly Attack[] = [
  {
    name: '[HS-14] the setup link opened again when there is an account',
    source: 'house rule 14',
    guard: without(
      identity,
      "if (await storage.hasUsers()) return hands.showProblem(404, { kind: 'setup-done' })",
    ),
    alsoNeeds: [firstOnly, linkSpent],
    async run(_, house) {
      const { door, setupToken } = await house.openNewDoor()
      return succeededIf(
        (await accountsAfter(door, async () => {
          await makeAccount(door, setupToken, 'ada')
          await makeAccount(door, setupToken, 'eve')
        })) > 1,
      )
    },
  },
  {
    name: '[HS-14] the setup link submitted ten times at one instant',
    source: 'house rule 14; CWE-362',
    guard: firstOnly,
    alsoNeeds: [linkSpent],
    async run(_, house) {
      const { door, setupToken } = await house.openNewDoor()
      const names = Array.from({ length: 10 }, (_, index) => `eve-${index}`)
      const made = await accountsAfter(door, () =>
        Promise.all(names.map((name) => makeAccount(door, setupToken, name))),
      )
      return succeededIf(made > 1)
    },
  },
  {
    name: "[HS-14] the setup link found in yesterday's terminal",
    source: 'house rule 14',
    guard: without(memory, '|| held.setupLink.expiresAt <= now'),
    async run(_, house) {
      const { door, setupToken } = await house.openNewDoor()
      const browser = door.browser()
      const { fields } = readForm(await (await browser.get('/setup')).text())
      door.clock.now += 86_400
      fields.set('setup', setupToken)
      fields.set('username', 'eve')
      fields.set('password', account.password)
      fields.set('password_again', account.password)
      return succeededIf((await accountsAfter(door, () => browser.post('/setup', fields))) > 0)
    },
  },
  {
    name: '[HS-14] a guessed setup link',
    source: 'house rule 14',
    guard: without(memory, 'held.setupLink?.setupHash !== setupHash ||', 'held.setupLink === undefined ||'),
    async run(_, house) {
      const { door } = await house.openNewDoor()
      const guesses = ['', 'pst_su_', `pst_su_${'A'.repeat(43)}`]
      return succeededIf(
        await anyOf(guesses, async (token) => (await makeAccount(door, token, 'eve')) === 303),
      )
    },
  },
  {
    name: '[HS-14] a setup link read in the log of a proxy',
    source: 'house rule 14; RFC 3986 §3.5 (fragments are not sent)',
    guard: without(identity, '`${origin}/setup#${token}`', '`${origin}/setup?token=${token}`'),
    async run(_, house) {
      const link = new URL(house.formatSetupLink('https://mcp.example.com', 'pst_su_secret'))
      return succeededIf((link.pathname + link.search).includes('secret'))
    },
  },
  {
    name: '[HS-14] a setup link spent by the preview of a chat program',
    source: 'house rule 14; RFC 9110 §9.2.1 (GET is safe)',
    guard: without(
      identity,
      "if (!(await storage.hasSetupLink(clock()))) return hands.showProblem(404, { kind: 'setup-closed' })",
      "if (!(await storage.hasSetupLink(clock()))) return hands.showProblem(404, { kind: 'setup-closed' }); await storage.saveSetupLink(hashToken(''), clock() + 60)",
    ),
    async run(_, house) {
      const { door, setupToken } = await house.openNewDoor()
      await door.fetch('/setup')
      return succeededIf((await makeAccount(door, setupToken, 'ada')) !== 303)
    },
  },
]

/** What is asked of a browser that does not say who is there. */
const strangers: readonly Attack[] = [
  {
    name: 'an answer to the consent page from a browser that is signed out',
    source: 'RFC 6749 §4.1.1; RFC 9700 §4.7',
    guard: without(
      server,
      "const user = await login.whoIsThere(request) if (user === undefined) return login.sendToLogin(request, requestPath(pendingId)) limits.take('decisions', user.userId) const resource",
      'const user = (await login.whoIsThere(request)) ?? (await storage.listUsers(1))[0]; const resource',
    ),
    async run(door) {
      const browser = door.browser()
      const { action, fields } = await browser.openConsent(
        authorizeUrl(door, await registerClaude(door), pkce().challenge),
      )
      fields.set('decision', 'approve')
      for (const name of browser.cookies.keys()) if (!name.includes('flow')) browser.cookies.delete(name)
      const answer = await browser.post(action, fields)
      return succeededIf(answer.headers.get('location')?.includes('code=') === true)
    },
  },
]

export const signInAttacks: readonly Attack[] = [...guessing, ...enumeration, ...setup, ...strangers]
