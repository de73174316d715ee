/** Passkeys in a real browser, on an authenticator that Chromium plays (WebAuthn Level 3 §11): added, used, refused, removed, and done without. */

import type { CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { passkeys } from '../../src/identity/providers/passkeys.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { account } from '../door.ts'
import { startBrowser, type TestBrowser } from './chromium.ts'
import { type ServedDoor, serveDoor } from './served-door.ts'

let browser: TestBrowser
let door: ServedDoor
beforeAll(async () => {
  const storage = memoryStorage()
  ;[browser, door] = await Promise.all([
    startBrowser(),
    serveDoor({ storage, identity: [localAccounts({ storage }), passkeys()] }),
  ])
})
afterAll(async () => {
  await Promise.all([browser.close(), door.close()])
})

interface Device {
  page: Page
  complaints: string[]
  session: CDPSession
  authenticatorId: string
}

/** A browser with an authenticator in it whose owner is at hand, and says so. */
async function openDevice(): Promise<Device> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { page, complaints, session, authenticatorId }
}

async function signInByPassword(page: Page): Promise<void> {
  await page.goto(`${door.origin}/login?then=/login/passkeys`)
  await page.getByLabel('User name').fill(account.username)
  await page.getByLabel('Password').fill(account.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(`${door.origin}/login/passkeys`)
}

async function addPasskey(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name of the new passkey').fill(name)
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('status').waitFor()
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${door.origin}/`)
}

test('a passkey is added and signs its owner in, until it is removed', async () => {
  const { page, complaints } = await openDevice()
  await signInByPassword(page)
  expect(await page.textContent('main')).toContain('You have no passkey here yet')
  expect(await page.getByText('needs a browser that knows passkeys').isVisible()).toBe(false)
  await addPasskey(page, 'This laptop')
  expect(await page.getByRole('status').textContent()).toContain('The passkey was added')
  expect(await page.getByRole('listitem').textContent()).toContain('This laptop')
  await signOut(page)

  await page.goto(`${door.origin}/login?then=/login/passkeys`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).dblclick()
  await page.waitForURL(`${door.origin}/login/passkeys`)
  expect(await page.getByRole('listitem').textContent()).toContain('Last used')
  await page.getByRole('button', { name: 'Remove This laptop' }).click()
  await page.getByText('The passkey was removed').waitFor()
  await page.reload()
  expect(await page.textContent('main')).toContain('You have no passkey here yet')
  await signOut(page)

  await page.goto(`${door.origin}/login`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByRole('alert').getByText('This passkey could not be used here').waitFor()
  expect(complaints.filter((line) => !line.includes('status of 403'))).toEqual([])
  await page.context().close()
})

test('who is not the owner of the device adds none and gets in by none, and is told so on the page', async () => {
  const { page, session, authenticatorId } = await openDevice()
  await signInByPassword(page)
  await addPasskey(page, 'Phone')
  await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  await page.getByLabel('Name of the new passkey').fill('Another')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('alert').getByText('No passkey was made').waitFor()
  await signOut(page)
  await page.goto(`${door.origin}/login`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByRole('alert').getByText('No passkey was used').waitFor()
  // The same page goes on as soon as the owner is back.
  await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.waitForURL(`${door.origin}/`)
  await page.context().close()
})

test('a device has one passkey of an account, and a copy of it gets nobody in', async () => {
  const { page, session, authenticatorId } = await openDevice()
  await signInByPassword(page)
  await addPasskey(page, 'Key')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('alert').getByText('No passkey was made').waitFor()
  await signOut(page)
  const signIn = async (): Promise<void> => {
    await page.goto(`${door.origin}/login`)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  }
  const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId })
  const [copy] = credentials
  if (copy === undefined) throw new Error('the authenticator holds no passkey')
  await signIn()
  await page.waitForURL(`${door.origin}/`)
  await signOut(page)
  await session.send('WebAuthn.removeCredential', { authenticatorId, credentialId: copy.credentialId })
  await session.send('WebAuthn.addCredential', { authenticatorId, credential: copy })
  await signIn()
  await page.getByRole('alert').getByText('This passkey could not be used here').waitFor()
  expect(door.events.at(-1)).toMatchObject({ name: 'login.failed', reason: 'a passkey that was copied' })
  await page.context().close()
})

test('a recovery code lets its owner in once, to make a passkey on the device at hand', async () => {
  const { page } = await openDevice()
  await signInByPassword(page)
  await page.getByRole('button', { name: 'Make new recovery codes' }).click()
  const code = (await page.locator('.codes code').first().textContent()) ?? ''
  await signOut(page)
  await page.goto(`${door.origin}/login`)
  await page.getByRole('link', { name: 'Use a recovery code' }).click()
  await page.getByLabel('User name').fill(account.username)
  await page.getByLabel('Recovery code').fill(code)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${door.origin}/login/passkeys`)
  expect(await page.textContent('main')).toContain('9 are left')
  await addPasskey(page, 'New phone')
  await page.context().close()
})

test('without script, and in a browser without passkeys, the password is what there is', async () => {
  const scriptless = await browser.newPage({ javaScript: false })
  await signInByPassword(scriptless)
  expect(await scriptless.getByText('needs a browser that knows passkeys').isVisible()).toBe(true)
  expect(await scriptless.getByRole('button', { name: 'Add a passkey' }).isVisible()).toBe(false)
  await scriptless.context().close()

  const old = await browser.newPage()
  await old.addInitScript('delete window.PublicKeyCredential')
  await signInByPassword(old)
  expect(await old.getByText('needs a browser that knows passkeys').isVisible()).toBe(true)
  expect(await old.getByRole('button', { name: 'Add a passkey' }).isVisible()).toBe(false)
  await signOut(old)
  await old.goto(`${door.origin}/login`)
  expect(await old.getByRole('button', { name: 'Sign in with a passkey' }).isVisible()).toBe(false)
  await old.context().close()
})
