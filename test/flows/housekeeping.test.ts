// Expired records go by themselves, while the door is open.

import { afterEach, expect, test, vi } from 'vitest'
import { connect, openDoor, register } from '../door.ts'

afterEach(() => vi.useRealTimers())

test('[HS-03] a registration that nobody approved is gone after its time; one that was approved stays', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const door = await openDoor()
  const forgotten = String((await register(door, { client_name: 'Forgotten' })).client_id)
  const approved = String((await register(door, { client_name: 'Approved' })).client_id)
  await connect(door, { clientId: approved })
  expect((await door.storage.listClients(10)).length).toBe(2)
  door.clock.now += 86_400
  await vi.advanceTimersByTimeAsync(60_000)
  await expect.poll(() => door.events.map(({ name }) => name)).toContain('storage.expired_removed')
  const left = (await door.storage.listClients(10)).map(({ metadata }) => metadata.clientName)
  expect(left).toEqual(['Approved'])
  expect(forgotten).not.toBe(approved)
  await door.postern.close()
})
