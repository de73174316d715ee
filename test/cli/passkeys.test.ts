/** `postern users passkeys` and `forget-passkeys`: what an operator does when somebody's device is lost. */

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hashRecoveryCode } from '../../src/identity/recovery-code.ts'
import { hashToken } from '../../src/platform/crypto.ts'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import { account, type Outcome, runPostern, temporaryDirectory } from './postern-command.ts'

test('a lost device is taken away, or everything, and both are written down', async () => {
  const data = temporaryDirectory()
  const manage = (words: string, input = ''): Promise<Outcome> =>
    runPostern([...words.split(' '), '--data', data], { input })
  await manage('users create ada --password-stdin', account.password)
  const storage = await sqliteStorage({ path: join(data, 'postern.db') })
  const userId = (await storage.findUserByName('ada'))?.userId ?? ''
  for (const [index, label] of ['Phone', 'Laptop \u001b[31m', 'Key'].entries()) {
    const passkeyId = `${index}-passkey`
    const publicKey = new Uint8Array([1])
    const passkey = { userId, passkeyId, publicKey, counter: 0, transports: [], label, lastUsedAt: undefined }
    await storage.addPasskey({ ...passkey, createdAt: 1_700_000_000 + index }, 20)
  }
  await storage.saveRecoveryCodes(userId, [hashRecoveryCode(userId, 'aaaa')])
  const now = Math.floor(Date.now() / 1000)
  const sessionHash = hashToken('of the finder')
  await storage.saveBrowserSession({ sessionHash, userId, createdAt: now, expiresAt: now + 3600 })

  const listed = await manage('users passkeys ADA')
  expect(listed.stdout).toMatch(/ID +NAME +ADDED +LAST USED\n2-passkey +Key .* never/)
  expect(listed.stdout).toContain('Recovery codes left: 1.')
  expect(listed.stdout).not.toContain('\u001b')
  expect(JSON.parse((await manage('users passkeys ada --json')).stdout)).toMatchObject({
    passkeys: [{ passkeyId: '2-passkey' }, { passkeyId: '1-passkey' }, { passkeyId: '0-passkey' }],
    recoveryCodesLeft: 1,
  })

  for (const words of ['users forget-passkeys ada', 'users forget-passkeys ada 0-passkey --all'])
    expect(await manage(words)).toMatchObject({ code: 2, stderr: expect.stringContaining('--all') })
  expect((await manage('users forget-passkeys ada 9-passkey')).stderr).toContain('has no passkey 9-passkey')
  expect((await manage('users forget-passkeys bob --all')).stderr).toContain('there is no account bob')
  expect(await storage.listPasskeys(userId)).toHaveLength(3)
  expect(await storage.findBrowserSession(sessionHash, now)).toBeDefined()

  const one = await manage('users forget-passkeys ada 0-passkey')
  expect(one).toMatchObject({ code: 0, stdout: 'Took 1 passkey of ada away.\n' })
  expect((await storage.listPasskeys(userId)).map(({ label }) => label)).toEqual(['Key', 'Laptop \u001b[31m'])
  expect(await storage.countRecoveryCodes(userId)).toBe(1)
  expect(await storage.findBrowserSession(sessionHash, now)).toBeUndefined()
  const all = await manage('users forget-passkeys ada --all --json')
  expect(JSON.parse(all.stdout)).toEqual({ userId, removed: 2 })
  expect(await storage.listPasskeys(userId)).toEqual([])
  expect(await storage.countRecoveryCodes(userId)).toBe(0)
  expect((await manage('users passkeys ada')).stdout).toBe('ada has no passkey.\nRecovery codes left: 0.\n')
  await storage.close()

  const audit = JSON.parse((await manage('audit list --json')).stdout) as { action: string }[]
  expect(audit.map(({ action }) => action)).toEqual([
    'recovery.ended',
    'passkey.removed',
    'passkey.removed',
    'passkey.removed',
    'user.created',
  ])
})
