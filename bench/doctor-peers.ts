/** The failure lab beside the tools of others: `npm run peers:lab [-- --write] [-- fault…]` runs each on every fault that can be served on this machine, prints what it says, and puts the table into docs/reference/failure-lab.md. */

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadFaults, type NamedFault } from '../test/doctor/lab/fault.ts'
import { installPeers } from './contenders.ts'
import { type Judged, labPage } from './doctor-peers/page.ts'
import { serveLab } from './doctor-peers/served-lab.ts'
import { type Tool, tools, withoutChance } from './doctor-peers/tools.ts'

installPeers(fileURLToPath(new URL('doctor-peers', import.meta.url)))
const shownLength = 200
const chosen = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const all = await loadFaults()
const faults = all.filter(({ id }) => chosen.length === 0 || chosen.includes(id))
const ofGood = new Map<string, Promise<Set<string>>>()
const judged: Judged[] = []
for (const fault of faults) {
  const began = performance.now()
  // At the same time, each on a lab of its own: some faults are long waits.
  const heard = await Promise.all(
    tools.map(async (tool) => [tool.name, await newComplaints(tool, fault)] as const),
  )
  const says = Object.fromEntries(heard.filter((one): one is [string, string[]] => one[1] !== undefined))
  judged.push({ id: fault.id, says })
  console.log(`${fault.id} (${((performance.now() - began) / 1000).toFixed(0)} s)`)
  for (const [name, complaints] of Object.entries(says))
    console.log(
      `  ${name.padEnd(14)} ${complaints[0]?.replaceAll(/\s+/g, ' ').slice(0, shownLength) ?? '-'}${others(complaints.length)}`,
    )
}
const page = labPage(judged, await Promise.all(tools.map(versioned)))
console.log(page.slice(0, page.indexOf('## ')))
if (process.argv.includes('--write'))
  writeFileSync(fileURLToPath(new URL('../docs/reference/failure-lab.md', import.meta.url)), page)
// A tool that never ended may still hold a socket.
process.exit()

/** What it says of the broken server and not of the good one; undefined where the fault cannot be served. */
async function newComplaints(tool: Tool, fault: NamedFault): Promise<string[] | undefined> {
  const heard = await complaintsOf(tool, fault)
  if (heard === undefined) return undefined
  const variant = `${tool.name} ${JSON.stringify(fault.settings ?? {})}`
  const good = ofGood.get(variant) ?? ofGoodServer(tool, fault)
  ofGood.set(variant, good)
  const known = await good
  return heard.filter((line) => !known.has(line))
}

/** Twice: what it says only sometimes is no answer to the fault. */
async function ofGoodServer(tool: Tool, { settings }: NamedFault): Promise<Set<string>> {
  const good = { ...(settings === undefined ? {} : { settings }), break: () => undefined }
  return new Set([...((await complaintsOf(tool, good)) ?? []), ...((await complaintsOf(tool, good)) ?? [])])
}

async function complaintsOf(
  tool: Tool,
  fault: Pick<NamedFault, 'settings' | 'doctor' | 'break'>,
): Promise<string[] | undefined> {
  const lab = await serveLab(fault)
  if (lab === undefined) return undefined
  try {
    return (await tool.complaints(lab)).map(withoutChance)
  } finally {
    lab.close()
  }
}

function others(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : ''
}

async function versioned({ name, version }: Tool): Promise<{ name: string; version: string }> {
  return { name, version: await version() }
}
