// `npm run torture:gateway [-- calls seconds]`: 1 000 000 calls after which memory is what it was, and a minute with ten times as many calls as there is room for.

import { memoryOverCalls, overload } from './gateway-torture.ts'

const [calls = '1000000', seconds = '60'] = process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`Node ${process.version}`)
const { growth } = await memoryOverCalls(Number(calls), say)
say(`live heap grew ${growth.toFixed(2)} times from the third tenth to the last`)
const { room, answered, turnedAway, mostInside, alone, overloaded } = await overload(Number(seconds))
say(`\n${seconds} s with room for ${room} calls and ${room * 10} clients`)
say(`${answered} calls answered, ${turnedAway} turned away, at most ${mostInside} inside`)
for (const [name, { p50, p99 }] of Object.entries({ 'half the room used': alone, overloaded })) {
  say(`${name}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`)
}
process.exitCode = growth <= 1.1 && mostInside <= room ? 0 : 1
