// The door on a port of this machine, for a real browser.

import { startServer } from '../../src/app/node.ts'
import type { PosternOptions } from '../../src/app/postern.ts'
import { type Door, openDoor } from '../door.ts'
import { findFreePort } from '../interop/loopback.ts'

export interface ServedDoor extends Door {
  close(): Promise<void>
}

export async function serveDoor(options: Partial<PosternOptions> = {}): Promise<ServedDoor> {
  const publicUrl = options.publicUrl ?? `http://localhost:${await findFreePort()}`
  const door = await openDoor({ ...options, publicUrl })
  const server = await startServer({ port: Number(new URL(publicUrl).port), fetch: door.postern.fetch })
  return {
    ...door,
    async close() {
      await server.close(0)
      await door.postern.close()
    },
  }
}
