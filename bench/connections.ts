/** What recording connections costs: per MCP call while it is read, and per batch when it is stored. `node bench/connections.ts` */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnectionRecorder } from '../src/connections/recorder.ts'
import { systemClock } from '../src/platform/clock.ts'
import { createTelemetry, type EventFields } from '../src/platform/telemetry.ts'
import { memoryStorage } from '../src/storage/adapters/memory.ts'
import { sqliteStorage } from '../src/storage/adapters/sqlite.ts'
import { callMcp, connect, openDoor } from '../test/door.ts'

const call: EventFields = {
  userId: 'usr_6MNRfU-vTjce5Q',
  clientId: '3a5J2BjjciYHcNkWvpB6Sw.tro8w1.Brfpy1-ErUvW.NCCePvp7NLATuA6L_Eq0GFxb',
  grantId: 'veG56QUvzxG4d4istvNc',
  connector: '/mcp',
  method: 'POST',
  rpcMethod: 'tools/call',
  tool: 'search',
  bytes: 120,
  status: 200,
  userAgent: 'Claude-User',
  durationMs: 1,
}

const rounds = 500_000

async function reading(flows: number): Promise<void> {
  const recorder = createConnectionRecorder({
    storage: memoryStorage(),
    clock: systemClock,
    onLost: (count) => console.log(`lost ${count}`),
  })
  const ids = Array.from({ length: flows }, (_, index) => `Brfpy1-ErUvW.${index}`)
  const emitTo = (readers: Parameters<typeof createTelemetry>[1]) => {
    const telemetry = createTelemetry(systemClock, readers)
    return microseconds((index) => telemetry.emit('mcp.request', ids[index % flows] ?? '', call))
  }
  const empty = emitTo([() => {}])
  const recorded = emitTo([recorder.reader])
  await recorder.close()
  console.log(
    `${String(flows).padStart(5)} connections: an event ${empty.toFixed(2)} µs, recorded ${recorded.toFixed(2)} µs`,
  )
}

function microseconds(work: (index: number) => void): number {
  for (let index = 0; index < rounds / 10; index++) work(index)
  const startedAt = performance.now()
  for (let index = 0; index < rounds; index++) work(index)
  return ((performance.now() - startedAt) * 1000) / rounds
}

async function storing(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  const storage = sqliteStorage({ path: join(directory, 'postern.db') })
  const step = { detail: '', isInferred: false, count: 1, status: 200, errorId: undefined, longestMs: 1 }
  const names = ['registered', 'authorization-requested', 'approved', 'token-issued', 'called', 'refreshed']
  for (const round of ['new', 'again']) {
    const startedAt = performance.now()
    for (let batch = 0; batch < 50; batch++) {
      const at = systemClock()
      const changes = Array.from({ length: 200 }, (_, index) => ({
        connectionId: `${batch}.${index}`,
        ...{ connector: '/mcp', agent: 'claude', clientId: call.clientId, clientName: 'Claude' },
        ...{ userId: call.userId, grantId: call.grantId, redirectHost: 'claude.ai', isKnown: true },
        ...{ startedAt: at, lastAt: at, joined: [] },
        steps: names.map((name) => ({ ...step, name, firstAt: at, lastAt: at })),
      }))
      await storage.recordConnections(changes, at)
    }
    const each = (performance.now() - startedAt) / 50
    console.log(`SQLite, 200 connections in one batch, ${round}: ${each.toFixed(1)} ms`)
  }
  await storage.close()
  rmSync(directory, { recursive: true, force: true })
}

async function throughTheDoor(): Promise<void> {
  const door = await openDoor({ readers: [] })
  const { accessToken } = await connect(door)
  const search = { method: 'tools/call', params: { name: 'search' } }
  const results: string[] = []
  for (let round = 0; round < 6; round++) {
    const startedAt = performance.now()
    for (let id = 0; id < 3000; id++) await (await callMcp(door, accessToken, { id, ...search })).text()
    results.push((((performance.now() - startedAt) * 1000) / 3000).toFixed(0))
  }
  await door.postern.close()
  console.log(`a whole tools/call in this process, recorded: ${results.join(' ')} µs`)
}

await reading(1)
await reading(1000)
await storing()
await throughTheDoor()
