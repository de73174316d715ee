// The door on a port of this machine, for a real browser.

import { startServer } from '../../src/app/node.ts'
import type { PosternOptions } from '../../src/app/postern.ts'
import { type Door, openDoor } from '../door.ts'
import { findFreePort } from '../interop/loopback.ts'

export interface ServedDoor extends Door {
  close(): Promise<void>
}

export async function serveDoor(options: Partial<PosternOptions> = {}): Promise<ServedDoor> {
  const port = await findFreePort()
  const door = await openDoor({ publicUrl: `http://localhost:${port}`, ...options })
  const server = await startServer({ port, fetch: door.postern.fetch })
  return {
    ...door,
    async close() {
      await server.close(0)
      await door.postern.close()
    },
  }
}
