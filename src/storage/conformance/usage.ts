/** Cases of the kit: use is counted without losing any, within its bounds, and the audit log is one unbroken chain. */

import { findBreak } from '../audit-chain.ts'
import { auditKeptSeconds, hourCountKeptSeconds, maximumToolLists, maximumToolsOfGrant } from '../limits.ts'
import type { AuditEntry, AuditRecord, ToolListRecord, ToolUse } from '../storage.ts'
import { expectEqual, expectTrue, type StorageCase, times } from './expect.ts'
import { start, storeGrant, tokensOf } from './records.ts'

export function aUse(tool: string, changes: Partial<ToolUse> = {}): ToolUse {
  return { grantId: 'g', tool, calls: 1, firstAt: start, lastAt: start, ...changes }
}

export function anEntry(changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: start,
    action: 'consent.approved',
    actor: 'user',
    actorId: 'u “1”',
    flowId: 'flow',
    details: { scope: 'read', ünïcode: '☕', count: 3 },
    ...changes,
  }
}

export const usageCases: readonly StorageCase[] = [
  {
    name: 'usage: calls of a tool add up, its first and last time stand, and what was used last comes first',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await storage.recordUsage([aUse('search', { calls: 2 }), aUse('erase')], [])
      await storage.recordUsage([aUse('search', { calls: 3, firstAt: start + 5, lastAt: start + 9 })], [])
      await storage.recordUsage([aUse('erase', { firstAt: start - 5, lastAt: start - 1 })], [])
      expectEqual('uses', await storage.listToolUses('g'), [
        aUse('search', { calls: 5, lastAt: start + 9 }),
        aUse('erase', { calls: 2, firstAt: start - 5 }),
      ])
      expectEqual('of another grant', await storage.listToolUses('h'), [])
    },
  },
  {
    name: 'usage: records made at the same time are all counted',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      const count = { hourAt: start, connector: '/mcp', measure: 'calls', count: 2 }
      await Promise.all(times(50, () => storage.recordUsage([aUse('search')], [count])))
      expectEqual('calls', (await storage.listToolUses('g'))[0]?.calls, 50)
      expectEqual('counts', await storage.listHourCounts(start), [{ ...count, count: 100 }])
    },
  },
  {
    name: 'usage: of a grant that is not there nothing is kept, and of one only so many tools',
    async check(storage) {
      await storeGrant(storage, tokensOf('g'))
      await storage.recordUsage([aUse('search', { grantId: 'nobody' })], [])
      await storage.recordUsage(
        times(maximumToolsOfGrant + 5, (index) => aUse(`tool ${index}`)),
        [],
      )
      expectEqual('of nobody', await storage.listToolUses('nobody'), [])
      expectEqual('tools', (await storage.listToolUses('g')).length, maximumToolsOfGrant)
      await storage.recordUsage([aUse('tool 0'), aUse('one more')], [])
      const uses = await storage.listToolUses('g')
      expectEqual('a known one', uses.find(({ tool }) => tool === 'tool 0')?.calls, 2)
      expectEqual('still so many', uses.length, maximumToolsOfGrant)
    },
  },
  {
    name: 'usage: hours come in order, from the one that is asked for, and go when their time has passed',
    async check(storage) {
      const count = { connector: '/mcp', measure: 'calls', count: 1 }
      for (const hour of [2, 0, 1]) {
        await storage.recordUsage([], [{ ...count, hourAt: start + hour * 3600 }])
      }
      await storage.recordUsage([], [{ ...count, hourAt: start, measure: 'failures' }])
      const hours = async (since: number): Promise<number[]> =>
        (await storage.listHourCounts(since)).map(({ hourAt }) => (hourAt - start) / 3600)
      expectEqual('all', await hours(start), [0, 0, 1, 2])
      expectEqual('later', await hours(start + 3600), [1, 2])
      await storage.removeExpired(start + hourCountKeptSeconds, 100)
      expectEqual('left', await hours(start), [1, 2])
    },
  },
  {
    name: 'usage: tool uses go with their grant',
    async check(storage) {
      await storeGrant(storage, tokensOf('g', { expiresAt: start + 10 }))
      await storage.recordUsage([aUse('search')], [])
      await storage.removeExpired(start + 10, 100)
      expectEqual('uses', await storage.listToolUses('g'), [])
    },
  },
  {
    name: 'tool lists: one is kept when it says something new, in whatever order, and the newest come first',
    async check(storage) {
      const search = { name: 'search', description: 'Finds “it”', inputSchema: { type: 'object', a: 1 } }
      const same = { inputSchema: { a: 1, type: 'object' }, description: 'Finds “it”', name: 'search' }
      const erase = { name: 'erase' }
      const note = (seenAt: number, tools: ToolListRecord['tools'], connector = '/mcp'): Promise<boolean> =>
        storage.noteToolList({ connector, seenAt, tools })
      expectEqual('first', await note(start, [search, erase]), true)
      expectEqual('the same', await note(start + 1, [erase, same]), false)
      expectEqual('of another', await note(start + 2, [erase, same], '/other'), true)
      expectEqual('changed', await note(start + 3, [{ ...search, description: 'Finds her' }, erase]), true)
      expectEqual('as it was', await note(start + 4, [search, erase]), true)
      const lists = await storage.listToolLists('/mcp', 10)
      expectEqual(
        'newest first',
        lists.map(({ seenAt }) => seenAt - start),
        [4, 3, 0],
      )
      expectEqual('as written', lists[2], { connector: '/mcp', seenAt: start, tools: [search, erase] })
      for (let count = 0; count < maximumToolLists + 3; count++) await note(start, [{ name: `t${count}` }])
      expectEqual('kept', (await storage.listToolLists('/mcp', 100)).length, maximumToolLists)
      expectEqual('of another', (await storage.listToolLists('/other', 10)).length, 1)
    },
  },
  {
    name: 'tool lists: of twenty who see the same change at the same time one is told that it kept it',
    async check(storage) {
      for (const [at, name] of ['search', 'erase'].entries()) {
        const list = { connector: '/mcp', seenAt: start + at, tools: [{ name }] }
        const noted = await Promise.all(times(20, () => storage.noteToolList(list)))
        expectEqual(name, noted.filter(Boolean).length, 1)
        expectEqual('kept', (await storage.listToolLists('/mcp', 10)).length, at + 1)
      }
    },
  },
  {
    name: 'audit: records come back as they were given, numbered and chained',
    async check(storage) {
      await storage.appendAudit([anEntry(), anEntry({ action: 'grant.revoked', actorId: undefined })])
      await storage.appendAudit([])
      await storage.appendAudit([anEntry({ at: start + 1, flowId: undefined, details: {} })])
      const records = await storage.readAudit(0, 10)
      const given = records.map(({ number: _, hash: _hash, previousHash: _previous, ...entry }) => entry)
      expectEqual('entries', given, [
        anEntry(),
        anEntry({ action: 'grant.revoked', actorId: undefined }),
        anEntry({ at: start + 1, flowId: undefined, details: {} }),
      ])
      expectEqual(
        'numbers',
        records.map(({ number }) => number),
        [1, 2, 3],
      )
      expectEqual('unbroken', findBreak(records), undefined)
      expectEqual('after the first', await storage.readAudit(1, 1), records.slice(1, 2))
    },
  },
  {
    name: 'audit: of appends at the same time none is lost, and the chain is one',
    async check(storage) {
      const appends = times(40, (index) => storage.appendAudit([anEntry({ at: start + index }), anEntry()]))
      await Promise.all(appends)
      const records = await storage.readAudit(0, 1000)
      expectEqual('records', records.length, 80)
      expectEqual('unbroken', findBreak(records), undefined)
    },
  },
  {
    name: 'audit: is listed newest first, by page, by action and by whom',
    async check(storage) {
      const entries = times(5, (index) =>
        anEntry({ at: start + index, action: index % 2 === 0 ? 'even' : 'odd', actorId: `u${index % 3}` }),
      )
      await storage.appendAudit(entries)
      const numbers = (records: readonly AuditRecord[]): number[] => records.map(({ number }) => number)
      expectEqual('newest', numbers(await storage.listAudit({}, 2)), [5, 4])
      expectEqual('next page', numbers(await storage.listAudit({ before: 4 }, 2)), [3, 2])
      expectEqual('by action', numbers(await storage.listAudit({ action: 'odd' }, 9)), [4, 2])
      expectEqual('by whom', numbers(await storage.listAudit({ actorId: 'u0' }, 9)), [4, 1])
    },
  },
  {
    name: 'audit: what is too old goes, and what stays is still a chain that goes on',
    async check(storage) {
      await storage.appendAudit([anEntry(), anEntry({ at: start + 1 }), anEntry({ at: start + 2 })])
      expectEqual('removed', await storage.removeExpired(start + 1 + auditKeptSeconds, 100), 2)
      await storage.appendAudit([anEntry({ at: start + 3 })])
      const records = await storage.readAudit(0, 10)
      expectEqual(
        'numbers',
        records.map(({ number }) => number),
        [3, 4],
      )
      expectEqual('unbroken', findBreak(records), undefined)
    },
  },
  {
    name: 'audit: a record that was changed, left out or put in shows',
    async check(storage) {
      await storage.appendAudit(times(4, (index) => anEntry({ at: start + index })))
      const records = await storage.readAudit(0, 10)
      const changed = records.map((one) => (one.number === 2 ? { ...one, actorId: 'somebody else' } : one))
      expectTrue('changed', findBreak(changed)?.includes('2 was changed') === true)
      const leftOut = records.filter(({ number }) => number !== 3)
      expectTrue('left out', findBreak(leftOut)?.includes('between 2 and 4') === true)
      const [first, second, ...rest] = records
      if (first === undefined || second === undefined) throw new TypeError('four records were appended')
      expectTrue('put in', findBreak([first, { ...second, number: 3 }, ...rest]) !== undefined)
    },
  },
]
