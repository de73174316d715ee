// What somebody with an authenticator does at the door, and what somebody with a written code does.

import { localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { passkeys } from '../../src/identity/providers/passkeys.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'
import { account, type Browser, type Door, openDoor, readForm } from '../door.ts'
import { createPasskey, type Faults, type Passkey, usePasskey } from './authenticator.ts'

export const keepPath = '/login/passkeys'

/** The form that is sent to `action`, with whatever its script is given. */
export function formFor(
  html: string,
  action: string,
  act?: string,
): { fields: URLSearchParams; options: never } {
  for (const [form] of html.matchAll(/<form\b[^>]*>.*?<\/form>/gs)) {
    if (!form.includes(`action="${action}"`)) continue
    const { fields } = readForm(form)
    if (act !== undefined && fields.get('act') !== act) continue
    const options = /data-options="([^"]*)"/.exec(form)?.[1]?.replaceAll('&quot;', '"') ?? 'null'
    return { fields, options: JSON.parse(options) as never }
  }
  throw new Error(`no form for ${action} in\n${html}`)
}

export async function signInByPassword(browser: Browser, then = '/'): Promise<Response> {
  const page = await (await browser.get(`/login?then=${encodeURIComponent(then)}`)).text()
  const { fields } = formFor(page, '/login')
  fields.set('username', account.username)
  fields.set('password', account.password)
  return browser.post('/login', fields)
}

export async function addPasskey(
  door: Door,
  browser: Browser,
  faults: Faults = {},
): Promise<{ passkey: Passkey; answer: Response; fields: URLSearchParams }> {
  const page = await (await browser.get(keepPath)).text()
  const { fields, options } = formFor(page, keepPath, 'add')
  const { passkey, response } = createPasskey(options, door.origin, faults)
  fields.set('passkey', response)
  fields.set('label', 'My phone')
  return { passkey, answer: await browser.post(keepPath, fields), fields }
}

export async function signInByPasskey(
  door: Door,
  browser: Browser,
  passkey: Passkey,
  faults: Faults = {},
): Promise<{ answer: Response; fields: URLSearchParams }> {
  const page = await (await browser.get('/login')).text()
  const { fields, options } = formFor(page, '/login/passkey')
  fields.set('passkey', usePasskey(passkey, options, door.origin, faults))
  return { answer: await browser.post('/login/passkey', fields), fields }
}

export async function makeCodes(browser: Browser): Promise<string[]> {
  const { fields } = formFor(await (await browser.get(keepPath)).text(), keepPath, 'codes')
  const page = await (await browser.post(keepPath, fields)).text()
  return [...page.matchAll(/<li><code>([^<]+)<\/code>/g)].map(([, code = '']) => code)
}

export async function recover(
  browser: Browser,
  username: string,
  code: string,
  then = '/',
): Promise<Response> {
  const page = await (await browser.get(`/login/recovery?then=${encodeURIComponent(then)}`)).text()
  const { fields } = formFor(page, '/login/recovery')
  fields.set('username', username)
  fields.set('code', code)
  return browser.post('/login/recovery', fields)
}

export async function openPasskeyDoor(): Promise<Door> {
  const storage = memoryStorage()
  return openDoor({ storage, identity: [localAccounts({ storage, argon2: cheapArgon2 }), passkeys()] })
}

/** A door with one passkey of Ada's on it. */
export async function openWithPasskey(
  faults?: Faults,
): Promise<{ door: Door; ada: Browser; passkey: Passkey }> {
  const door = await openPasskeyDoor()
  const ada = door.browser()
  await signInByPassword(ada)
  const { passkey, answer } = await addPasskey(door, ada, faults)
  if (answer.status !== 303) throw new Error(`adding a passkey answered ${answer.status}`)
  return { door, ada, passkey }
}
