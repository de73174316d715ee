// For the length of a run, what Node has compiled and stripped of types is kept for the next process: a `postern` command starts in half of the time.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Inherited by the workers, and by every program that a test starts (Node.js, `NODE_COMPILE_CACHE`). */
export function setup(): void {
  if (process.env.NODE_COMPILE_CACHE !== undefined) return
  const folder = mkdtempSync(join(tmpdir(), 'postern-compiled-'))
  process.env.NODE_COMPILE_CACHE = folder
  // Not by a teardown: workers end after it, and write what they have compiled when they end.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
}
