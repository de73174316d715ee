/** What strangers do costs a bounded number of writes and records, what repeats is written once a minute, and nothing is lost in silence. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createConnectionRecorder } from '../../src/connections/recorder.ts'
import type { PosternEvent } from '../../src/platform/telemetry.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import type { ConnectionRecord, StoredConnection } from '../../src/storage/storage.ts'
import { openDoor } from '../door.ts'
import { callTool, connectAsClaude, connectionsOf, probe, call as send } from './attempt.ts'

describe('through the door', () => {
  test('a flood of first 401s by a thousand agents is a handful of records', async () => {
    const door = await openDoor()
    for (let index = 0; index < 3000; index++) {
      await probe(door, { 'user-agent': `agent-${index % 1000}/1.0` })
      await probe(door)
    }
    const connections = await connectionsOf(door)
    expect(connections.map(({ agent }) => agent).sort()).toEqual(['claude', 'other'])
    expect(connections.map(({ steps }) => steps[0]?.count)).toEqual([3000, 3000])
  })

  test('a thousand calls are counted, and are a handful of writes', async () => {
    const storage = memoryStorage()
    const recordConnections = vi.fn(storage.recordConnections)
    const door = await openDoor({ storage: { ...storage, recordConnections } })
    const connected = await connectAsClaude(door)
    for (let index = 0; index < 1000; index++) await send(door, connected, callTool('search'))
    const [connection] = await connectionsOf(door)
    expect(connection?.steps.find(({ detail }) => detail === 'call-tool')?.count).toBe(1000)
    expect(recordConnections.mock.calls.length).toBeLessThan(10)
  })
})

describe('the recorder', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  const start = 1_800_000_000

  function openRecorder(record?: (changes: readonly ConnectionRecord[], now: number) => Promise<void>) {
    const storage = memoryStorage()
    const clock = { now: start }
    const writes: ConnectionRecord[][] = []
    const losses: [number, string][] = []
    const recorder = createConnectionRecorder({
      storage: {
        ...storage,
        async recordConnections(changes, now) {
          await record?.(changes, now)
          writes.push([...changes])
          await storage.recordConnections(changes, now)
        },
      },
      clock: () => clock.now,
      onLost: (count, reason) => losses.push([count, reason]),
    })
    const read = (name: string, flowId: string, fields: Partial<PosternEvent> = {}): void =>
      recorder.reader({ name, flowId, at: clock.now, ...fields })
    const all = (): Promise<StoredConnection[]> => storage.listConnections({}, 20_000)
    return { recorder, clock, writes, losses, read, all }
  }

  const called = { grantId: 'g', userId: 'u', rpcMethod: 'tools/call', status: 200, durationMs: 3 }

  test('writes a new step within a second, and nothing while events are read', async () => {
    const { read, writes } = openRecorder()
    read('authorization.requested', 'document.a')
    expect(writes).toEqual([])
    await vi.advanceTimersByTimeAsync(1000)
    expect(writes.map((write) => write.length)).toEqual([1])
    read('consent.shown', 'document.a', { userId: 'u' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(writes.map((write) => write[0]?.steps.map(({ name }) => name))).toEqual([
      ['authorization-requested'],
      ['consent-shown'],
    ])
  })

  test('writes what repeats once a minute for each connection, with its count', async () => {
    const { read, writes, clock, all } = openRecorder()
    for (let second = 0; second < 300; second++) {
      for (const flow of ['a.1', 'a.2', 'a.3']) {
        read('mcp.request', flow, { ...called, durationMs: second })
        read('refresh.rotated', flow, called)
      }
      clock.now++
      await vi.advanceTimersByTimeAsync(1000)
    }
    await vi.advanceTimersByTimeAsync(60_000)
    const perConnection = writes.flat().filter(({ connectionId }) => connectionId === 'a.2').length
    expect(perConnection).toBeGreaterThan(3)
    expect(perConnection).toBeLessThanOrEqual(7)
    const stored = (await all()).find(({ connectionId }) => connectionId === 'a.2')
    expect(stored?.steps).toMatchObject([
      { name: 'called', count: 300, firstAt: start, lastAt: start + 299, longestMs: 299 },
      { name: 'refreshed', count: 300 },
    ])
  })

  test('takes on so many new strangers in a minute, says what it left out, and never leaves out a person', async () => {
    const { recorder, read, losses, all, clock } = openRecorder()
    for (let index = 0; index < 2000; index++) {
      read('client.registered', `registration${index}`, { clientId: `c${index}`, userAgent: 'node' })
    }
    read('login.succeeded', 'document.person', { userId: 'u' })
    await vi.advanceTimersByTimeAsync(5000)
    expect((await all()).length).toBe(601)
    expect(losses).toEqual([[1400, 'too many strangers at once']])
    clock.now += 60
    read('client.registered', 'registration-later', { clientId: 'later', userAgent: 'node' })
    await recorder.close()
    expect((await all()).length).toBe(602)
  })

  test('holds so much for storage that does not answer, writes it when it does, and loses no count', async () => {
    let isDown = true
    const { recorder, read, losses, all, clock } = openRecorder(async () => {
      if (isDown) throw new Error('the database is locked')
    })
    for (let index = 0; index < 6000; index++) {
      read('token.issued', `document.${index}`, { userId: 'u' })
      if (index % 100 === 0) await vi.advanceTimersByTimeAsync(50)
    }
    read('mcp.request', 'document.1', called)
    await vi.advanceTimersByTimeAsync(20_000)
    read('mcp.request', 'document.1', called)
    expect(await all()).toEqual([])
    isDown = false
    clock.now += 60
    await vi.advanceTimersByTimeAsync(20_000)
    await recorder.close()
    const stored = await all()
    expect(stored.length).toBe(5000)
    expect(stored.find(({ connectionId }) => connectionId === 'document.1')?.steps).toMatchObject([
      { name: 'token-issued', count: 1 },
      { name: 'called', count: 2 },
    ])
    expect(losses.reduce((sum, [count]) => sum + count, 0)).toBe(1000)
  })

  test('closed while storage fails, says how many connections are missing and does not hang', async () => {
    const { recorder, read, losses } = openRecorder(() => Promise.reject(new Error('disk full')))
    for (let index = 0; index < 300; index++) read('token.issued', `document.${index}`, { userId: 'u' })
    await recorder.close()
    expect(losses).toEqual([[300, 'disk full']])
    read('token.issued', 'document.late', { userId: 'u' })
    expect(vi.getTimerCount()).toBe(0)
  })
})
