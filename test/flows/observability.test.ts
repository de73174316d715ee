/** What whoever runs Postern can see of it from outside: whether it lives, whether it is ready, and numbers. */

import { describe, expect, test } from 'vitest'
import { createMetrics } from '../../src/app/metrics.ts'
import type { PosternEvent } from '../../src/platform/telemetry.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { callMcp, connect, openDoor } from '../door.ts'

describe('health and readiness', () => {
  test('a door that works is alive and ready, under whatever name it is asked', async () => {
    const door = await openDoor()
    for (const path of ['/healthz', '/readyz']) {
      const answer = await door.fetch(path, { headers: { host: '10.1.2.3:8787' } })
      expect([path, answer.status, answer.headers.get('cache-control')]).toEqual([path, 200, 'no-store'])
    }
  })

  test('without its records it is alive and not ready, and does not say why to strangers', async () => {
    const inner = memoryStorage()
    let isAway = false
    const storage = {
      ...inner,
      hasUsers: async () => {
        if (isAway) throw new Error('no route to db.internal')
        return inner.hasUsers()
      },
    }
    const door = await openDoor({ storage })
    isAway = true
    const ready = await door.fetch('/readyz')
    const text = await ready.text()
    expect(ready.status).toBe(503)
    expect(JSON.parse(text)).toEqual({
      status: 'not ready',
      checks: { storage: 'unreachable', closing: false },
    })
    expect(text).not.toContain('db.internal')
    expect((await door.fetch('/healthz')).status).toBe(200)
  })

  test('once it is asked to stop it is not ready', async () => {
    const door = await openDoor()
    await door.postern.close()
    expect((await door.fetch('/readyz')).status).toBe(503)
    expect((await door.fetch('/healthz')).status).toBe(200)
  })
})

describe('metrics', () => {
  test('count events by name, requests by method and status, and calls by tool', async () => {
    const metrics = createMetrics({ version: '1.2.3', ofProcess: false })
    const door = await openDoor({ readers: [metrics.reader] })
    const { accessToken } = await connect(door)
    for (let count = 0; count < 3; count++)
      await callMcp(door, accessToken, { id: count, method: 'tools/call', params: { name: 'search' } })
    await callMcp(door, undefined, { id: 1, method: 'tools/list' })
    const text = await metrics.render()
    expect(text).toContain('postern_build_info{version="1.2.3"} 1')
    expect(text).toContain('postern_events_total{event="token.issued"} 1')
    expect(text).toContain('postern_events_total{event="login.succeeded"} 1')
    expect(text).toContain('postern_mcp_requests_total{connector="/mcp",method="tools/call",status="200"} 3')
    expect(text).toContain('postern_mcp_requests_total{connector="/mcp",method="none",status="401"} 1')
    expect(text).toContain('postern_tool_calls_total{connector="/mcp",tool="search"} 3')
    expect(text).toContain(
      'postern_mcp_request_duration_seconds_count{connector="/mcp",method="tools/call"} 3',
    )
    expect(text).not.toContain(accessToken)
  })

  test('whoever writes requests does not write time series', async () => {
    const metrics = createMetrics({ ofProcess: false })
    const asked = { connector: '/mcp', status: 200, durationMs: 1 }
    for (let count = 0; count < 2000; count++) {
      metrics.reader(event('mcp.request', { ...asked, rpcMethod: `made/up-${count}` }))
      metrics.reader(event('mcp.request', { ...asked, rpcMethod: 'tools/call', tool: `tool "${count}"\n` }))
    }
    const text = await metrics.render()
    expect(text.match(/^postern_tool_calls_total\{/gm)).toHaveLength(501)
    expect(text).toContain('tool="other"} 1500')
    expect(text.match(/^postern_mcp_requests_total\{/gm)).toHaveLength(2)
    expect(text).toContain('method="other",status="200"} 2000')
    // A name that would end its label stays within it.
    expect(text).toContain('tool="tool \\"0\\"\\n"')
  })

  test('know how many commands run', async () => {
    const metrics = createMetrics({ ofProcess: false })
    metrics.reader(event('upstream.started', { connector: '/mcp' }))
    metrics.reader(event('upstream.started', { connector: '/mcp' }))
    metrics.reader(event('upstream.exited', { connector: '/mcp' }))
    expect(await metrics.render()).toContain('postern_upstream_processes{connector="/mcp"} 1')
  })
})

function event(name: string, fields: Partial<PosternEvent>): PosternEvent {
  return { name, at: 1_800_000_000, flowId: 'flow', ...fields }
}
