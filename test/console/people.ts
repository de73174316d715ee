// Who comes to a console: somebody who signs in, members beside the administrator that a door has, and the forms they find.

import { createLocalUser } from '../../src/identity/providers/local-accounts.ts'
import { account, type Browser, type Door, readForm } from '../door.ts'

export async function signIn(
  browser: Browser,
  then: string,
  username: string = account.username,
): Promise<void> {
  const { fields } = readForm(await (await browser.get(`/login?then=${then}`)).text())
  fields.set('username', username)
  fields.set('password', account.password)
  const answer = await browser.post('/login', fields)
  if (answer.status !== 303 || answer.headers.get('location') !== then)
    throw new Error(`${username} was not let in: ${answer.status}`)
}

export async function addMember({ storage, clock }: Door, username: string): Promise<void> {
  const { password } = account
  const places = { storage, clock: () => clock.now }
  await createLocalUser(places, { username, displayName: '', password, role: 'member' })
}

/** The first form of a page that does this. */
export function formFor(html: string, act: string): URLSearchParams {
  const form = [...html.matchAll(/<form\b.*?<\/form>/gs)]
    .map(([text]) => text)
    .find((text) => text.includes(`value="${act}"`))
  if (form === undefined) throw new Error(`no form that does ${act}`)
  return readForm(form).fields
}
