/** Cases of the kit: what upstreams are called with for each person, and browsers that were sent elsewhere. */

import type { CredentialRecord, DetourRecord } from '../storage.ts'
import { expectEqual, expectRejected, type StorageCase, times } from './expect.ts'
import { aUser, hashOf, start } from './records.ts'

export const credentialCases: readonly StorageCase[] = [
  {
    name: 'credentials: each person has one for each connector, comes back as it was given, and is replaced whole',
    async check(storage) {
      const all = [aCredential('u', '/a'), aCredential('u', '/b'), aCredential('v', '/a')]
      for (const one of all) await storage.saveCredential(one)
      for (const one of all) {
        expectEqual('found', await storage.findCredential(one.userId, one.connector), one)
      }
      const other = aCredential('u', '/a', { credentialId: 'other', label: undefined, createdAt: start + 5 })
      await storage.saveCredential(other)
      expectEqual('replaced', await storage.findCredential('u', '/a'), other)
      expectEqual('of u', await storage.listCredentials({ userId: 'u' }, 10), [other, all[1]])
      const here = await storage.listCredentials({ connector: '/a' }, 10)
      expectEqual('of /a', here, [other, all[2]])
      expectEqual('limited', (await storage.listCredentials({}, 2)).length, 2)
      expectEqual('removed', await storage.removeCredential('u', '/a'), true)
      expectEqual('again', await storage.removeCredential('u', '/a'), false)
      expectEqual('gone', await storage.findCredential('u', '/a'), undefined)
      expectEqual('of another', await storage.findCredential('v', '/a'), all[2])
    },
  },
  {
    name: 'credentials: of fifty that want to renew one version at the same time one may, until its time is over',
    async check(storage) {
      const credential = aCredential('u', '/a')
      await storage.saveCredential(credential)
      const take = (now: number) => storage.takeCredentialRenewal(credential, now + 30, now)
      const taken = await Promise.all(times(50, () => take(start)))
      expectEqual('taken', taken.filter(Boolean).length, 1)
      expectEqual('before its end', await take(start + 29), false)
      expectEqual('at its end', await take(start + 30), true)
      await storage.dropCredentialRenewal(credential)
      expectEqual('given back', await take(start + 31), true)
      const unknown = { ...credential, userId: 'nobody' }
      expectEqual('of nobody', await storage.takeCredentialRenewal(unknown, start + 99, start + 90), false)
    },
  },
  {
    name: 'credentials: a version is renewed once, and what was replaced meanwhile stays replaced',
    async check(storage) {
      const credential = aCredential('u', '/a')
      await storage.saveCredential(credential)
      await storage.takeCredentialRenewal(credential, start + 30, start)
      const renewals = await Promise.all(
        times(20, (index) => storage.renewCredential(aRenewal(credential, index))),
      )
      expectEqual('renewed', renewals.filter(Boolean).length, 1)
      const sealed = Uint8Array.of(9, 9, renewals.indexOf(true))
      const next = { ...credential, sealed, version: 1, changedAt: start + 7 }
      expectEqual('as renewed', await storage.findCredential('u', '/a'), next)
      expectEqual('the old', await storage.takeCredentialRenewal(credential, start + 9, start), false)
      expectEqual('the next', await storage.takeCredentialRenewal(next, start + 9, start), true)
      const other = aCredential('u', '/a', { credentialId: 'other' })
      await storage.saveCredential(other)
      expectEqual('of the former', await storage.renewCredential(aRenewal(next, 1)), false)
      expectEqual('replaced', await storage.findCredential('u', '/a'), other)
      const free = await storage.takeCredentialRenewal(other, start + 9, start)
      expectEqual('nobody renews what is new', free, true)
    },
  },
  {
    name: 'credentials: a refusal is of one version, once, and ends with a renewal',
    async check(storage) {
      const credential = aCredential('u', '/a')
      await storage.saveCredential(credential)
      expectEqual('refused', await storage.refuseCredential(credential, start + 3), true)
      expectEqual('again', await storage.refuseCredential(credential, start + 4), false)
      expectEqual('when', (await storage.findCredential('u', '/a'))?.refusedAt, start + 3)
      const renewal = await storage.takeCredentialRenewal(credential, start + 9, start + 5)
      expectEqual('nobody renews it', renewal, false)
      expectEqual('renewed', await storage.renewCredential(aRenewal(credential, 1)), true)
      expectEqual('good', (await storage.findCredential('u', '/a'))?.refusedAt, undefined)
      expectEqual('the old version', await storage.refuseCredential(credential, start + 6), false)
    },
  },
  {
    name: 'credentials: they go with their person, and nobody else’s do',
    async check(storage) {
      for (const userId of ['u', 'v']) {
        await storage.createUser(aUser(userId))
        await storage.saveCredential(aCredential(userId, '/a'))
      }
      await storage.removeUser('u', start)
      expectEqual('of u', await storage.findCredential('u', '/a'), undefined)
      expectEqual('of v', await storage.findCredential('v', '/a'), aCredential('v', '/a'))
    },
  },
  {
    name: 'detours: one is taken once, as it was given, also by a hundred at the same time',
    async check(storage) {
      const detour = aDetour('one')
      await storage.saveDetour(detour)
      await expectRejected('the same again', storage.saveDetour(detour))
      const taken = await Promise.all(times(100, () => storage.takeDetour(detour, start)))
      const found = taken.filter((record) => record !== undefined)
      expectEqual('taken', found, [detour])
      expectEqual('unknown', await storage.takeDetour(aDetour('two'), start), undefined)
    },
  },
  {
    name: 'detours: another browser or purpose gets nothing, and burns nothing; one is over when it expires',
    async check(storage) {
      const detour = aDetour('one', { expiresAt: start + 10 })
      await storage.saveDetour(detour)
      const other = { ...detour, browserHash: hashOf('another browser') }
      expectEqual('another browser', await storage.takeDetour(other, start), undefined)
      const elsewhere = { ...detour, purpose: 'another' }
      expectEqual('another purpose', await storage.takeDetour(elsewhere, start), undefined)
      expectEqual('at its end', await storage.takeDetour(detour, start + 10), undefined)
      expectEqual('before', await storage.takeDetour(detour, start + 9), detour)
      await storage.saveDetour(detour)
      expectEqual('still there', await storage.removeExpired(start + 9, 10), 0)
      expectEqual('removed', await storage.removeExpired(start + 10, 10), 1)
    },
  },
]

export function aCredential(
  userId: string,
  connector: string,
  changes: Partial<CredentialRecord> = {},
): CredentialRecord {
  return {
    userId,
    connector,
    credentialId: `credential of ${userId} for ${connector}`,
    kind: 'user-supplied',
    sealed: Uint8Array.of(0, 255, 7, 128),
    label: 'an account with an ü',
    version: 0,
    createdAt: start,
    changedAt: start,
    refusedAt: undefined,
    ...changes,
  }
}

function aRenewal({ userId, connector, credentialId, version }: CredentialRecord, index: number) {
  const sealed = Uint8Array.of(9, 9, index)
  return { userId, connector, credentialId, version, sealed, changedAt: start + 7 }
}

function aDetour(name: string, changes: Partial<DetourRecord> = {}): DetourRecord {
  return {
    stateHash: hashOf(name),
    browserHash: hashOf('a browser'),
    purpose: 'sign-in',
    sealed: Uint8Array.of(1, 2, 250),
    createdAt: start,
    expiresAt: start + 600,
    ...changes,
  }
}
