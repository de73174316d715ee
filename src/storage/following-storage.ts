/** A storage that goes on elsewhere when its records are moved under it: whoever uses it notices a pause at most. */

import type { Storage } from './storage.ts'
import { StorageError } from './storage-error.ts'

/** `follow` opens the place that the records have moved to; it is asked again if it fails. */
export function followingStorage(first: Storage, follow: () => Promise<Storage>): Storage {
  let current = first
  let following: Promise<Storage> | undefined

  function moved(): Promise<Storage> {
    following ??= follow().then(
      async (next) => {
        current = next
        await first.close()
        return next
      },
      (error: unknown) => {
        following = undefined
        throw error
      },
    )
    return following
  }

  /** A verb that met the move has done nothing, so it is done where the records are now. */
  function verb(name: keyof Storage): (...values: unknown[]) => Promise<unknown> {
    const call = (storage: Storage, values: unknown[]): Promise<unknown> =>
      (storage[name] as (...values: unknown[]) => Promise<unknown>)(...values)
    return async (...values) => {
      const asked = current
      try {
        return await call(asked, values)
      } catch (error) {
        if (!meansMoved(error, asked !== current)) throw error
      }
      return call(await moved(), values)
    }
  }

  const names = (Object.keys(first) as (keyof Storage)[]).filter((name) => name !== 'close')
  return {
    ...(Object.fromEntries(names.map((name) => [name, verb(name)])) as unknown as Storage),
    close: async () => (await (following ?? Promise.resolve(current))).close(),
  }
}

/** Some may have asked the first one just before it was closed. */
function meansMoved(error: unknown, hasMoved: boolean): boolean {
  if (!(error instanceof StorageError)) return false
  return error.kind === 'moved' || (error.kind === 'closed' && hasMoved)
}
