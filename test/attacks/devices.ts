// Passkeys, recovery codes and the word of a reverse proxy, in the hands of somebody whom they are not for.

import { createBrowser, type Door } from '../door.ts'
import { type Faults, type Passkey, usePasskey } from '../identity/authenticator.ts'
import {
  addPasskey,
  formFor,
  makeCodes,
  recover,
  signInByPasskey,
  signInByPassword,
} from '../identity/passkey-visitor.ts'
import { type Attack, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const providers = 'identity/providers/'
const memory = 'storage/memory/passkeys.ts'

async function openWithPasskey(house: House, counter = 0): Promise<{ door: Door; passkey: Passkey }> {
  const door = await house.openDoorWith((storage) => [house.localAccounts({ storage }), house.passkeys()])
  const owner = door.browser()
  await signInByPassword(owner)
  return { door, passkey: (await addPasskey(door, owner, { counter })).passkey }
}

async function getsIn(door: Door, passkey: Passkey, faults: Faults): Promise<boolean> {
  return (await signInByPasskey(door, door.browser(), passkey, faults)).answer.status === 303
}

async function codesOf(door: Door): Promise<string[]> {
  const owner = door.browser()
  await signInByPassword(owner)
  return makeCodes(owner)
}

const devices: readonly Attack[] = [
  {
    name: 'a passkey that its owner used at the site of a phisher',
    source: 'OWASP (phishing); house rule 11; CWE-346',
    guard: without(
      providers,
      'expectedOrigin: origin, expectedRPID: new URL(origin).hostname, credential: credentialOf(passkey),',
      "expectedOrigin: [origin, 'https://evil.example'], expectedRPID: new URL(origin).hostname, credential: credentialOf(passkey),",
    ),
    async run(_, house) {
      const { door, passkey } = await openWithPasskey(house)
      return succeededIf(await getsIn(door, passkey, { origin: 'https://evil.example' }))
    },
  },
  {
    name: 'a device that was found, whose finder cannot unlock it',
    source: 'OWASP (authentication); CWE-308',
    guard: without(
      providers,
      'credential: credentialOf(passkey), requireUserVerification: true,',
      'credential: credentialOf(passkey), requireUserVerification: false,',
    ),
    async run(_, house) {
      const { door, passkey } = await openWithPasskey(house)
      return succeededIf(await getsIn(door, passkey, { isUnverified: true }))
    },
  },
  {
    name: 'the answer of a passkey that does not count, sent once more',
    source: 'OWASP (authentication); CWE-294',
    guard: without(
      'identity/passkey-login.ts',
      "if (!(await challenges.take(verified.challenge, passkey.userId))) return refused('an answer of before')",
    ),
    async run(_, house) {
      const { door, passkey } = await openWithPasskey(house)
      const browser = door.browser()
      const { fields } = await signInByPasskey(door, browser, passkey, { counter: 0 })
      return succeededIf((await browser.post('/login/passkey', fields)).status === 303)
    },
  },
  {
    name: 'an answer that was made in the browser of its owner, sent from another',
    source: 'OWASP (authentication); CWE-294',
    guard: without('identity/challenges.ts', ', purpose, browserHash) } return', ', purpose) } return'),
    async run(_, house) {
      const { door, passkey } = await openWithPasskey(house)
      const { fields, options } = formFor(await (await door.browser().get('/login')).text(), '/login/passkey')
      fields.set('passkey', usePasskey(passkey, options, door.origin))
      const thief = door.browser()
      const own = formFor(await (await thief.get('/login')).text(), '/login/passkey')
      fields.set('csrf', own.fields.get('csrf') ?? '')
      return succeededIf((await thief.post('/login/passkey', fields)).status === 303)
    },
  },
  {
    name: 'a copy of a passkey that counts',
    source: 'OWASP (authentication); CWE-294',
    guard: without(
      memory,
      '(found.counter < counter || (found.counter === 0 && counter === 0))',
      'counter >= 0',
    ),
    async run(_, house) {
      const { door, passkey } = await openWithPasskey(house, 7)
      await getsIn(door, passkey, { counter: 9 })
      return succeededIf(await getsIn(door, passkey, { counter: 8 }))
    },
  },
  {
    name: 'a recovery code that its owner used before',
    source: 'OWASP (multifactor authentication); CWE-294',
    guard: without(memory, '?.delete(codeHash)', '?.has(codeHash)'),
    async run(_, house) {
      const { door } = await openWithPasskey(house)
      const [code = ''] = await codesOf(door)
      await recover(door.browser(), 'ada', code)
      return succeededIf((await recover(door.browser(), 'ada', code)).status === 303)
    },
  },
  {
    name: 'a recovery code found by the fiftieth guess',
    source: 'RFC 6819 §5.1.4.2.3, NIST SP 800-63B §3.2.2',
    guard: without(
      'identity/passkey-login.ts',
      'const attempt = brake.take(username, browserHash)',
      'const attempt = { mayTry: true, succeeded() {} }',
    ),
    async run(_, house) {
      const { door } = await openWithPasskey(house)
      const [code = ''] = await codesOf(door)
      for (let index = 0; index < 50; index++) await recover(door.browser(), 'ada', `guess-${index}`)
      return succeededIf((await recover(door.browser(), 'ada', code)).status === 303)
    },
  },
  {
    name: 'a passkey of one’s own on the account that a proxy names, for when it names one no more',
    source: 'house rule 11; CWE-613',
    guard: without(
      'identity/passkey-pages.ts',
      'if (!mayHavePasskeys(user)) return hands.goTo(frame.homePath)',
    ),
    async run(_, house) {
      const door = await house.openDoorWith((storage) => [
        house.localAccounts({ storage }),
        house.passkeys(),
        house.trustedHeader({ proxies: [proxy], userHeader: 'Remote-User' }),
      ])
      const leaver = browserFrom(door, proxy, { 'remote-user': 'eve' })
      await leaver.get('/login')
      const added = await addPasskey(door, leaver).catch(() => undefined)
      return succeededIf(added !== undefined && (await getsIn(door, added.passkey, {})))
    },
  },
]

const proxy = '10.0.0.5'
const secret = 'a secret of more than thirty-two characters'

/** It sends these headers with each request, from this address. */
function browserFrom(door: Door, peerAddress: string, headers: Record<string, string>) {
  return createBrowser(door.origin, (path, init = {}) => {
    const request = new Request(new URL(path, door.origin), { redirect: 'manual', ...init })
    request.headers.set('host', new URL(door.origin).host)
    for (const [name, value] of Object.entries(headers)) request.headers.append(name, value)
    return door.postern.fetch(request, { peerAddress })
  })
}

/** Whether the sign-in page lets it in as the victim. */
async function isBelieved(
  door: Door,
  peerAddress: string,
  headers: Record<string, string>,
): Promise<boolean> {
  const page = await browserFrom(door, peerAddress, { 'remote-user': 'victim', ...headers }).get('/login')
  return page.status === 303
}

const proxies: readonly Attack[] = [
  {
    name: '[HS-09] the header of a reverse proxy, sent past it',
    source: 'house rule 9; CWE-290',
    guard: without(providers, 'if (!isInRanges(peerAddress, proxies))', 'if (peerAddress === undefined)'),
    async run(_, house) {
      const door = await house.openDoorWith(() =>
        house.trustedHeader({ proxies: [proxy], userHeader: 'Remote-User' }),
      )
      const headers = { 'x-forwarded-for': proxy }
      return succeededIf(await isBelieved(door, '203.0.113.9', headers))
    },
  },
  {
    name: '[HS-12] the header of a reverse proxy, sent by another program of its machine',
    source: 'house rules 9 and 12; CWE-290',
    guard: without(
      providers,
      'if (proof === undefined && loopbackAddresses',
      'if (proof === null && loopbackAddresses',
    ),
    async run(_, house) {
      try {
        const door = await house.openDoorWith(() =>
          house.trustedHeader({ proxies: ['127.0.0.1'], userHeader: 'Remote-User' }),
        )
        return succeededIf(await isBelieved(door, '127.0.0.1', {}))
      } catch (error) {
        if (error instanceof TypeError && error.message.includes('loopback')) return 'defended'
        throw error
      }
    },
  },
  {
    name: '[HS-12] the same, with a guess at the secret by which the proxy proves itself',
    source: 'house rules 9 and 12; CWE-290',
    guard: without(
      providers,
      "!equalInConstantTime(request.headers.get(proof.header) ?? '', proof.secret)",
      'proof.secret === undefined',
    ),
    async run(_, house) {
      const door = await house.openDoorWith(() =>
        house.trustedHeader({
          proxies: ['127.0.0.1'],
          userHeader: 'Remote-User',
          secretHeader: 'Proxy-Proof',
          secret,
        }),
      )
      return succeededIf(await isBelieved(door, '127.0.0.1', { 'proxy-proof': secret.slice(0, -1) }))
    },
  },
]

export const deviceAttacks: readonly Attack[] = [...devices, ...proxies]
