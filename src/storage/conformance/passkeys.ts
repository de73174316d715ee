/** Cases of the kit: people who sign in elsewhere or by passkeys, and passwords that change. */

import type { PasskeyRecord, UserRecord } from '../storage.ts'
import { expectEqual, type StorageCase, tally, times } from './expect.ts'
import { aUser, hashOf, start } from './records.ts'

export const passkeyCases: readonly StorageCase[] = [
  {
    name: 'accounts: another password ends the person’s browser sessions, and nobody else’s; the same one made anew ends none',
    async check(storage) {
      for (const userId of ['u', 'v']) {
        await storage.createUser(aUser(userId))
        const session = { sessionHash: hashOf(userId), userId, createdAt: start, expiresAt: start + 600 }
        await storage.saveBrowserSession(session)
      }
      await storage.setPasswordHash('u', 'the same')
      expectEqual('made anew', (await storage.findBrowserSession(hashOf('u'), start))?.userId, 'u')
      expectEqual('changed', await storage.changePasswordHash('u', 'another'), true)
      expectEqual('hash', (await storage.findUser('u'))?.passwordHash, 'another')
      expectEqual('session of u', await storage.findBrowserSession(hashOf('u'), start), undefined)
      expectEqual('session of v', (await storage.findBrowserSession(hashOf('v'), start))?.userId, 'v')
      expectEqual('of nobody', await storage.changePasswordHash('nobody', 'x'), false)
    },
  },
  {
    name: 'accounts: somebody from elsewhere is made once, also by twenty at the same time, and brought up to date after',
    async check(storage) {
      const first = anOutsider('u')
      const saved = await Promise.all(times(20, () => storage.saveOutsideUser(first)))
      expectEqual('outcomes', tally(saved), { created: 1, updated: 19 })
      expectEqual('found', await storage.findUser('u'), first)
      const later = anOutsider('u', {
        username: 'another name',
        displayName: 'Ada King',
        role: 'admin',
        outside: { provider: 'google', email: undefined, groups: [] },
      })
      expectEqual('again', await storage.saveOutsideUser(later), 'updated')
      expectEqual('the name stays', await storage.findUserByName('u'), { ...later, username: 'u' })
    },
  },
  {
    name: 'accounts: somebody from elsewhere never takes the name of another',
    async check(storage) {
      await storage.createUser(aUser('local', { username: 'ada@example.com' }))
      const outsider = anOutsider('u', { username: 'ADA@example.com' })
      expectEqual('saved', await storage.saveOutsideUser(outsider), 'name-taken')
      expectEqual('not there', await storage.findUser('u'), undefined)
      expectEqual('as it was', (await storage.findUserByName('ada@example.com'))?.userId, 'local')
    },
  },
  {
    name: 'passkeys: one comes back as it was given, belongs to one person, and goes with them',
    async check(storage) {
      for (const userId of ['u', 'v']) await storage.createUser(aUser(userId))
      const passkey = aPasskey('one')
      expectEqual('added', await storage.addPasskey(passkey, 3), 'added')
      expectEqual('found', await storage.findPasskey('one'), passkey)
      expectEqual('of another', await storage.addPasskey({ ...passkey, userId: 'v' }, 3), 'id-taken')
      const newer = aPasskey('two', { createdAt: start + 1 })
      await storage.addPasskey(newer, 3)
      expectEqual('listed', await storage.listPasskeys('u'), [newer, passkey])
      expectEqual('removed by another', await storage.removePasskey('v', 'one'), false)
      expectEqual('removed', await storage.removePasskey('u', 'one'), true)
      expectEqual('again', await storage.removePasskey('u', 'one'), false)
      await storage.removeUser('u', start)
      expectEqual('gone', await storage.findPasskey('two'), undefined)
    },
  },
  {
    name: 'passkeys: one that is removed ends the person’s browser sessions, and nobody else’s',
    async check(storage) {
      for (const userId of ['u', 'v']) {
        await storage.createUser(aUser(userId))
        const session = { sessionHash: hashOf(userId), userId, createdAt: start, expiresAt: start + 600 }
        await storage.saveBrowserSession(session)
      }
      await storage.addPasskey(aPasskey('one'), 3)
      await storage.removePasskey('v', 'one')
      await storage.removePasskey('u', 'another')
      expectEqual('nothing removed', (await storage.findBrowserSession(hashOf('u'), start))?.userId, 'u')
      await storage.removePasskey('u', 'one')
      expectEqual('session of u', await storage.findBrowserSession(hashOf('u'), start), undefined)
      expectEqual('session of v', (await storage.findBrowserSession(hashOf('v'), start))?.userId, 'v')
    },
  },
  {
    name: 'passkeys: nobody has more than may be, also when twenty are added at the same time',
    async check(storage) {
      await storage.createUser(aUser('u'))
      const added = await Promise.all(times(20, (index) => storage.addPasskey(aPasskey(`p${index}`), 5)))
      expectEqual('outcomes', tally(added), { added: 5, full: 15 })
    },
  },
  {
    name: 'passkeys: a counter only counts on, once for each signature, and 0 is one that does not count',
    async check(storage) {
      await storage.createUser(aUser('u'))
      await storage.addPasskey(aPasskey('counts', { counter: 5 }), 9)
      const used = await Promise.all(times(20, () => storage.usePasskey('counts', 6, start + 1)))
      expectEqual('used', used.filter(Boolean).length, 1)
      expectEqual('when', (await storage.findPasskey('counts'))?.lastUsedAt, start + 1)
      for (const counter of [6, 5, 0])
        expectEqual(`back to ${counter}`, await storage.usePasskey('counts', counter, start + 2), false)
      await storage.addPasskey(aPasskey('does not'), 9)
      for (const at of [1, 2]) expectEqual('0', await storage.usePasskey('does not', 0, start + at), true)
      expectEqual('unknown', await storage.usePasskey('unknown', 1, start), false)
    },
  },
  {
    name: 'recovery codes: each is taken once, also by fifty at the same time; new ones end the old',
    async check(storage) {
      await storage.createUser(aUser('u'))
      await storage.saveRecoveryCodes('u', [hashOf('a'), hashOf('b')])
      expectEqual('of another', await storage.takeRecoveryCode('v', hashOf('a')), false)
      const taken = await Promise.all(times(50, () => storage.takeRecoveryCode('u', hashOf('a'))))
      expectEqual('taken', taken.filter(Boolean).length, 1)
      expectEqual('left', await storage.countRecoveryCodes('u'), 1)
      await storage.saveRecoveryCodes('u', [hashOf('c')])
      expectEqual('an old one', await storage.takeRecoveryCode('u', hashOf('b')), false)
      await storage.removeUser('u', start)
      expectEqual('gone', await storage.countRecoveryCodes('u'), 0)
    },
  },
]

function aPasskey(passkeyId: string, changes: Partial<PasskeyRecord> = {}): PasskeyRecord {
  return {
    passkeyId,
    userId: 'u',
    publicKey: Uint8Array.of(165, 1, 2, 255),
    counter: 0,
    transports: ['internal', 'hybrid'],
    label: 'the phone with the ü',
    createdAt: start,
    lastUsedAt: undefined,
    ...changes,
  }
}

function anOutsider(userId: string, changes: Partial<UserRecord> = {}): UserRecord {
  const outside = {
    provider: 'okta',
    email: 'ada@example.com',
    groups: ['everyone', 'with a blank, and “signs”'],
  }
  return aUser(userId, { passwordHash: undefined, outside, ...changes })
}
