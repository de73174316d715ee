/** Cases of the kit: people, the setup link, browser sessions, and MCP sessions that were ended. */

import { expectEqual, type StorageCase, tally, times } from './expect.ts'
import { aCode, accessHash, aUser, hashOf, start, storeCode, storeGrant, tokensOf } from './records.ts'

export const accountCases: readonly StorageCase[] = [
  {
    name: 'people: an account comes back as it was given, by id and by name without regard to case',
    async check(storage) {
      expectEqual('hasUsers', await storage.hasUsers(), false)
      const user = aUser('u1', { username: 'Zoë', role: 'admin' })
      expectEqual('createUser', await storage.createUser(user), 'created')
      expectEqual('hasUsers', await storage.hasUsers(), true)
      expectEqual('findUser', await storage.findUser('u1'), user)
      for (const name of ['Zoë', 'ZOË', 'zoë', 'Zoe\u0308']) {
        expectEqual(`findUserByName ${name}`, await storage.findUserByName(name), user)
      }
      const taken = await storage.createUser(aUser('u2', { username: 'zOË' }))
      expectEqual('same name in another case', taken, 'name-taken')
      expectEqual('unknown', await storage.findUserByName('zoe'), undefined)
      const outside = aUser('u3', { passwordHash: undefined })
      await storage.createUser(outside)
      expectEqual('without a password', await storage.findUser('u3'), outside)
    },
  },
  {
    name: 'people: of 20 parallel accounts of one name one is made',
    async check(storage) {
      const outcomes = await Promise.all(
        times(20, (index) => storage.createUser(aUser(`u${index}`, { username: 'same' }))),
      )
      expectEqual('outcomes', tally(outcomes), { created: 1, 'name-taken': 19 })
      expectEqual('listed', (await storage.listUsers(100)).length, 1)
    },
  },
  {
    name: 'people: lists are newest first and limited; a password is changed',
    async check(storage) {
      for (const index of [2, 1, 3])
        await storage.createUser(aUser(`u${index}`, { createdAt: start + index }))
      const ids = (await storage.listUsers(2)).map((user) => user.userId)
      expectEqual('ids', ids, ['u3', 'u2'])
      expectEqual('setPasswordHash', await storage.setPasswordHash('u1', 'new'), true)
      expectEqual('stored', (await storage.findUser('u1'))?.passwordHash, 'new')
      expectEqual('nobody', await storage.setPasswordHash('u9', 'new'), false)
    },
  },
  {
    name: 'setup link: of parallel submissions one makes the first account, and the link is spent',
    async check(storage) {
      await storage.saveSetupLink(hashOf('link'), start + 1800)
      const outcomes = await Promise.all(
        times(10, (index) => storage.createFirstUser(aUser(`u${index}`), hashOf('link'), start)),
      )
      expectEqual('outcomes', tally(outcomes), { created: 1, 'not-first': 9 })
      expectEqual('accounts', (await storage.listUsers(10)).length, 1)
      expectEqual('hasSetupLink', await storage.hasSetupLink(start), false)
    },
  },
  {
    name: 'setup link: one is valid until the second in which it expires, and the newest replaces the others',
    async check(storage) {
      expectEqual('none', await storage.hasSetupLink(start), false)
      const early = await storage.createFirstUser(aUser('u'), hashOf('link'), start)
      expectEqual('without a link', early, 'link-invalid')
      await storage.saveSetupLink(hashOf('old'), start + 1800)
      await storage.saveSetupLink(hashOf('link'), start + 1800)
      const old = await storage.createFirstUser(aUser('u'), hashOf('old'), start)
      expectEqual('replaced', old, 'link-invalid')
      expectEqual('has, before the end', await storage.hasSetupLink(start + 1799), true)
      expectEqual('has, at the end', await storage.hasSetupLink(start + 1800), false)
      const late = await storage.createFirstUser(aUser('u'), hashOf('link'), start + 1800)
      expectEqual('at the end', late, 'link-invalid')
      expectEqual('hasUsers', await storage.hasUsers(), false)
      const inTime = await storage.createFirstUser(aUser('u'), hashOf('link'), start + 1799)
      expectEqual('a second before', inTime, 'created')
    },
  },
  {
    name: 'setup link: an account made otherwise ends it',
    async check(storage) {
      await storage.saveSetupLink(hashOf('link'), start + 1800)
      await storage.createUser(aUser('first'))
      expectEqual('hasSetupLink', await storage.hasSetupLink(start), false)
      const outcome = await storage.createFirstUser(aUser('second'), hashOf('link'), start)
      expectEqual('createFirstUser', outcome, 'not-first')
    },
  },
  {
    name: 'people: removal ends sessions, untaken codes and grants in one step, and nobody else’s',
    async check(storage) {
      for (const userId of ['u', 'v']) {
        await storage.createUser(aUser(userId))
        await storeGrant(storage, tokensOf(`grant of ${userId}`, { userId }))
        await storeCode(storage, aCode(`code of ${userId}`, { userId }))
        await storage.saveBrowserSession(aSession(`session of ${userId}`, userId))
      }
      expectEqual('removeUser', await storage.removeUser('u', start + 5), true)
      expectEqual('findUser', await storage.findUser('u'), undefined)
      expectEqual('findUserByName', await storage.findUserByName('u'), undefined)
      for (const userId of ['u', 'v']) {
        const isGone = userId === 'u'
        const grant = await storage.findGrant(`grant of ${userId}`)
        const reason = isGone ? [start + 5, 'user-removed'] : [undefined, undefined]
        expectEqual(`grant of ${userId}`, [grant?.revokedAt, grant?.revokedReason], reason)
        const access = await storage.findAccessToken(accessHash(`grant of ${userId}`, 0), start + 5)
        expectEqual(`token of ${userId}`, access === undefined, isGone)
        const session = await storage.findBrowserSession(hashOf(`session of ${userId}`), start + 5)
        expectEqual(`session of ${userId}`, session === undefined, isGone)
        const tokens = tokensOf(`late grant of ${userId}`, { userId })
        const took = await storage.takeAuthorizationCode(hashOf(`code of ${userId}`), tokens, start + 5)
        expectEqual(`code of ${userId}`, took, isGone ? 'gone' : 'taken')
      }
      expectEqual('removeUser again', await storage.removeUser('u', start + 6), false)
      expectEqual('the name is free', await storage.createUser(aUser('u')), 'created')
    },
  },
  {
    name: 'sessions: a browser session lives until the second in which it expires, or is removed',
    async check(storage) {
      const session = aSession('one', 'u')
      await storage.saveBrowserSession(session)
      await storage.saveBrowserSession(aSession('two', 'u'))
      const hash = session.sessionHash
      expectEqual('before', await storage.findBrowserSession(hash, session.expiresAt - 1), session)
      expectEqual('at the end', await storage.findBrowserSession(hash, session.expiresAt), undefined)
      await storage.removeBrowserSession(hash)
      expectEqual('removed', await storage.findBrowserSession(hash, start), undefined)
      expectEqual('other', (await storage.findBrowserSession(hashOf('two'), start))?.userId, 'u')
      await storage.removeBrowserSession(hash)
    },
  },
  {
    name: 'sessions: an MCP session that was ended stays so until its end',
    async check(storage) {
      expectEqual('unknown', await storage.findMcpSession(hashOf('s'), start), undefined)
      await storage.endMcpSession(hashOf('s'), start + 100)
      await storage.endMcpSession(hashOf('s'), start + 50)
      expectEqual('ended', await storage.findMcpSession(hashOf('s'), start + 99), { kind: 'ended' })
      expectEqual('over', await storage.findMcpSession(hashOf('s'), start + 100), undefined)
    },
  },
  {
    name: 'sessions: a stranger’s MCP session becomes the first one’s who claims it, and can be ended then',
    async check(storage) {
      const hash = hashOf('s')
      const claims = await Promise.all(
        times(20, (index) => storage.claimMcpSession(hash, `owner-${index}`, start + 100)),
      )
      const [first] = claims
      expectEqual('kind', first?.kind, 'claimed')
      for (const claim of claims) expectEqual('what each is told', claim, first)
      expectEqual('found', await storage.findMcpSession(hash, start + 99), first)
      expectEqual('over', await storage.findMcpSession(hash, start + 100), undefined)
      await storage.endMcpSession(hash, start + 100)
      expectEqual('ended', await storage.findMcpSession(hash, start), { kind: 'ended' })
      const late = await storage.claimMcpSession(hash, 'late', start + 100)
      expectEqual('nobody claims one that was ended', late, { kind: 'ended' })
    },
  },
]

function aSession(name: string, userId: string) {
  return { sessionHash: hashOf(name), userId, createdAt: start, expiresAt: start + 600 }
}
