// Preloaded into a real `postern serve` by the torture: shifts its clock, and, to prove that the torture bites, takes a line out of it.

import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'

import { offsetVariable, type Sabotage, sabotageVariable } from './sabotage.ts'

/** Only what asks for the time of day is moved; timers and `performance.now()` go on as they do. */
const realNow = Date.now
let offsetMs = Number(process.env[offsetVariable] ?? 0)
Date.now = () => realNow() + offsetMs

process.on('message', (message: { offsetMs: number }) => {
  offsetMs = message.offsetMs
  process.send?.({ offsetMs })
})
// The channel alone must not keep a server alive that was told to stop.
process.channel?.unref()

const sabotage = process.env[sabotageVariable]
if (sabotage !== undefined) change(JSON.parse(sabotage) as Sabotage[])

function change(sabotages: readonly Sabotage[]): void {
  registerHooks({
    load(url, context, nextLoad) {
      const mine = sabotages.filter(({ file }) => url === new URL(`../../${file}`, import.meta.url).href)
      if (mine.length === 0) return nextLoad(url, context)
      const source = stripTypeScriptTypes(mine.reduce(changed, readFileSync(new URL(url), 'utf8')))
      return { format: 'module', source, shortCircuit: true }
    },
  })
}

function changed(text: string, { file, find, replace }: Sabotage): string {
  if (text.split(find).length !== 2) throw new Error(`${file} does not hold exactly one: ${find}`)
  return text.replace(find, () => replace)
}
