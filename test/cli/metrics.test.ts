/** `postern serve --metrics-listen`: numbers on a listener of their own, and nowhere else. */

import { expect, test } from 'vitest'
import { findFreePort } from '../interop/loopback.ts'
import { referenceServer, runPostern, serve, temporaryDirectory } from './postern-command.ts'

test('Prometheus reads them beside the door, and the door itself has none', async () => {
  const port = await findFreePort()
  const { connectorUrl } = await serve(temporaryDirectory(), [
    ...['--port', '0', '--metrics-listen', String(port)],
    ...['--', ...referenceServer],
  ])
  await fetch(connectorUrl, { method: 'POST', body: '{}' })
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const text = await answer.text()
  expect(text).toContain('postern_events_total{event="mcp.refused"} 1')
  expect(text).toContain('postern_events_total{event="server.opened"} 1')
  expect(text).toMatch(/^process_resident_memory_bytes \d+/m)
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(404)
  expect((await fetch(new URL('/metrics', connectorUrl))).status).toBe(404)
})

test.each(['', 'here', '127.0.0.1', '70000', '127.0.0.1:'])(
  '--metrics-listen %j is refused',
  async (address) => {
    const { code, stderr } = await runPostern([
      ...['serve', '--metrics-listen', address],
      ...['--', ...referenceServer],
    ])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--metrics-listen.*(port|needs a value)/s)])
  },
)
