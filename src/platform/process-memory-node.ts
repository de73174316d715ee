/** How much memory a process and what it started hold, as Linux tells of it (proc(5)). */

import { readFile } from 'node:fs/promises'

/** Undefined where the system does not say. What several of them share is counted for each. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const [own, children] = await Promise.all([
      readFile(`/proc/${pid}/statm`, 'utf8'),
      readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => ''),
    ])
    const pids = children.split(' ').filter(Boolean).map(Number)
    const theirs = await Promise.all(pids.map(residentBytes))
    const pages = Number(own.split(' ')[1])
    return theirs.reduce<number>((sum, bytes) => sum + (bytes ?? 0), pages * pageBytes)
  } catch {
    return undefined
  }
}

/** Of every system on which this file is found, but for a few ARM ones, where the figure is too small. */
const pageBytes = 4096
