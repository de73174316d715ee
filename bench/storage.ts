/** Operations per second of each storage adapter, side by side: `node bench/storage.ts [grants]`. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStorage } from '../src/storage/adapters/memory.ts'
import { sqliteStorage } from '../src/storage/adapters/sqlite.ts'
import { accessHash, rotationOf, start, storeGrant, tokensOf } from '../src/storage/conformance/records.ts'
import type { Storage } from '../src/storage/storage.ts'

const grantCount = Number(process.argv[2] ?? 10_000)
const secondsPerMeasure = 2
const concurrency = 100

interface Measure {
  name: string
  /** Performs one round, and says how many operations it was. */
  round(storage: Storage, index: number): Promise<number>
}

/** Hashes are made beforehand: it is the storage that is measured. */
const grantIds = Array.from({ length: grantCount }, (_, index) => `g${index}`)
const accessHashes = grantIds.map((grantId) => accessHash(grantId, 0))

const measures: Measure[] = [
  {
    name: 'findAccessToken',
    async round(storage, index) {
      const hash = accessHashes[(index * 7919) % grantCount]
      if (hash !== undefined && (await storage.findAccessToken(hash, start)) === undefined)
        throw new Error('lost')
      return 1
    },
  },
  {
    name: 'rotateRefreshToken, one after another',
    async round(storage, index) {
      await rotate(storage, index % grantCount, Math.floor(index / grantCount))
      return 1
    },
  },
  {
    name: `rotateRefreshToken, ${concurrency} at a time`,
    async round(storage, index) {
      // Families of their own, whose generations follow each other from round to round.
      const first = (index * concurrency) % grantCount
      const generation = Math.floor((index * concurrency) / grantCount)
      const families = Array.from({ length: concurrency }, (_, each) => first + each)
      await Promise.all(families.map((family) => rotate(storage, family, generation, 'concurrent')))
      return concurrency
    },
  },
]

async function rotate(storage: Storage, family: number, generation: number, prefix = ''): Promise<void> {
  const now = start + generation * 100
  const rotation = await storage.rotateRefreshToken(rotationOf(`${prefix}g${family}`, generation, now), now)
  if (rotation.outcome !== 'rotated') throw new Error(`expected rotated, found ${rotation.outcome}`)
}

async function fill(storage: Storage): Promise<void> {
  for (let index = 0; index < grantCount; index += 1000) {
    const ids = grantIds.slice(index, index + 1000).flatMap((id) => [id, `concurrent${id}`])
    await Promise.all(ids.map((grantId) => storeGrant(storage, tokensOf(grantId))))
  }
}

async function perSecond(storage: Storage, measure: Measure): Promise<number> {
  const begin = performance.now()
  let operations = 0
  for (let index = 0; ; index++) {
    operations += await measure.round(storage, index)
    const seconds = (performance.now() - begin) / 1000
    if (seconds >= secondsPerMeasure) return operations / seconds
  }
}

const directory = mkdtempSync(join(tmpdir(), 'postern-bench-'))
try {
  const storages: [name: string, storage: Storage][] = [
    ['memory', memoryStorage()],
    ['sqlite', sqliteStorage({ path: join(directory, 'bench.db') })],
  ]
  for (const [, storage] of storages) await fill(storage)
  console.log(`operations per second, ${2 * grantCount} grants, Node ${process.version}, ${directory}`)
  console.log(['', ...storages.map(([name]) => name)].map(cell).join(''))
  for (const measure of measures) {
    const cells = [measure.name]
    for (const [, storage] of storages) {
      cells.push(Math.round(await perSecond(storage, measure)).toLocaleString('en'))
    }
    console.log(cells.map(cell).join(''))
  }
  for (const [, storage] of storages) await storage.close()
} finally {
  rmSync(directory, { recursive: true })
}

function cell(text: string, column: number): string {
  return column === 0 ? text.padEnd(42) : text.padStart(12)
}
