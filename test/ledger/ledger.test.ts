/** What is counted and what is written down: nothing twice, nothing lost while storage is away, and within bounds whatever strangers do. */

import { describe, expect, test, vi } from 'vitest'
import { createAuditRecorder } from '../../src/ledger/audit.ts'
import { createUsageRecorder } from '../../src/ledger/usage.ts'
import type { PosternEvent } from '../../src/platform/telemetry.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { findBreak } from '../../src/storage/audit-chain.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { connect, openDoor } from '../door.ts'

const now = 1_800_000_000

describe('the audit log', () => {
  test('tells who signed in, allowed, connected and disconnected, as one chain and without a secret', async () => {
    const door = await openDoor()
    const browser = door.browser()
    const { code, accessToken, refreshToken } = await connect(door, { browser })
    await door.postern.close()
    const records = await door.storage.readAudit(0, 100)
    expect(records.map(({ action, actor }) => `${actor} ${action}`)).toEqual([
      'stranger client.registered',
      'user login.succeeded',
      'user consent.approved',
      'client token.issued',
    ])
    const user = await door.storage.findUserByName('ada')
    expect(records[2]).toMatchObject({ actorId: user?.userId, details: { scope: 'read write' } })
    expect(findBreak(records)).toBeUndefined()
    const text = JSON.stringify(records)
    for (const secret of [code, accessToken, refreshToken]) expect(text).not.toContain(secret)
  })

  test('keeps the order while storage is away, and loses nothing', async () => {
    vi.useFakeTimers()
    const { storage, failing } = unreliable()
    const lost: string[] = []
    const audit = createAuditRecorder({ storage, clock: () => now, onLost: (_, reason) => lost.push(reason) })
    failing.on = true
    for (const userId of ['a', 'b']) audit.reader(event('login.succeeded', { userId }))
    await vi.advanceTimersByTimeAsync(3000)
    failing.on = false
    audit.reader(event('login.succeeded', { userId: 'c' }))
    await vi.advanceTimersByTimeAsync(3000)
    await audit.close()
    vi.useRealTimers()
    const records = await storage.readAudit(0, 10)
    expect(records.map(({ actorId }) => actorId)).toEqual(['a', 'b', 'c'])
    expect(lost).toContain('away')
  })

  test('writes down sixty of what strangers do in a minute, how many more there were, and all that people do', async () => {
    const storage = memoryStorage()
    const audit = createAuditRecorder({ storage, clock: () => now + 61, onLost: () => {} })
    for (let count = 0; count < 1000; count++) audit.reader(event('login.failed'))
    audit.reader(event('login.succeeded', { userId: 'a' }))
    audit.reader({ ...event('login.failed'), at: now + 60 })
    await audit.close()
    const actions = (await storage.readAudit(0, 2000)).map(({ action }) => action)
    expect(actions.filter((action) => action === 'login.failed')).toHaveLength(61)
    expect(actions).toContain('login.succeeded')
    const [skipped] = await storage.listAudit({ action: 'audit.skipped' }, 10)
    expect(skipped?.details).toEqual({ count: 940 })
  })
})

describe('usage', () => {
  test('of tools and hours is what the events say', async () => {
    const door = await openDoor()
    await connect(door, {})
    const [grant] = await door.storage.listGrants({}, 1)
    const usage = createUsageRecorder({ storage: door.storage, onLost: () => {} })
    const call = {
      rpcMethod: 'tools/call',
      tool: 'search',
      grantId: grant?.grantId,
      connector: '/mcp',
      status: 200,
    }
    usage.reader(event('mcp.request', { ...call, durationMs: 40 }))
    usage.reader(event('mcp.request', { ...call, durationMs: 50 }))
    usage.reader(event('mcp.request', { ...call, durationMs: 60_000 }))
    usage.reader(event('mcp.request', { ...call, rpcMethod: 'tools/list', tool: undefined }))
    usage.reader(event('mcp.refused', { connector: '/mcp', status: 401 }))
    usage.reader(event('mcp.refused', { connector: '/mcp', status: 403 }))
    await usage.close()
    usage.reader(event('mcp.request', call))
    expect(await door.storage.listToolUses(grant?.grantId ?? '')).toMatchObject([
      { tool: 'search', calls: 3 },
    ])
    const counts = await door.storage.listHourCounts(0)
    expect(Object.fromEntries(counts.map(({ measure, count }) => [measure, count]))).toEqual({
      calls: 3,
      'ms-50': 2,
      'ms-more': 1,
      refusals: 1,
    })
    expect(new Set(counts.map(({ hourAt }) => hourAt % 3600))).toEqual(new Set([0]))
  })

  test('is counted once, also when storage was away meanwhile', async () => {
    vi.useFakeTimers()
    const { storage, failing } = unreliable()
    const usage = createUsageRecorder({ storage, onLost: () => {} })
    failing.on = true
    usage.reader(event('token.issued', { connector: '/mcp' }))
    await vi.advanceTimersByTimeAsync(2500)
    usage.reader(event('token.issued', { connector: '/mcp' }))
    failing.on = false
    await vi.advanceTimersByTimeAsync(10_000)
    await usage.close()
    vi.useRealTimers()
    expect(await storage.listHourCounts(0)).toMatchObject([{ measure: 'connected', count: 2 }])
  })

  test('of more different things than there is room for leaves the newest out, and says how many', async () => {
    const storage = memoryStorage()
    const lost: number[] = []
    const usage = createUsageRecorder({ storage, onLost: (count) => lost.push(count) })
    for (let count = 0; count < 5010; count++)
      usage.reader(event('token.issued', { connector: `/t/${count}` }))
    await usage.close()
    expect([(await storage.listHourCounts(0)).length, lost]).toEqual([5000, [10]])
  })
})

function event(name: string, fields: Partial<PosternEvent> = {}): PosternEvent {
  return { name, at: now, flowId: 'flow', ...fields }
}

function unreliable(): { storage: Storage; failing: { on: boolean } } {
  const inner = memoryStorage()
  const failing = { on: false }
  const guard = async (): Promise<void> => {
    if (failing.on) throw new Error('away')
  }
  return {
    failing,
    storage: {
      ...inner,
      appendAudit: (entries) => guard().then(() => inner.appendAudit(entries)),
      recordUsage: (uses, counts) => guard().then(() => inner.recordUsage(uses, counts)),
    },
  }
}
