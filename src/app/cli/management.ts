/** What the commands on records have in common: their flags, how they group, and how they say when. */

import { Command } from 'commander'

/** More than a person reads; a script that needs more reads the database. */
export const maximumRows = 1000

export function group(name: string, summary: string, description: string): Command {
  return new Command(name).summary(summary).description(description)
}

export function dataFlags(command: Command): Command {
  return command
    .option('--data <directory>', 'where the server keeps its data (default: ./.postern)')
    .option('--database <url>', 'the PostgreSQL database of the server, if it has one')
    .option('--config <file>', 'the config file of the server, if it says where the data is')
    .option('--json', 'print JSON instead of text')
}

export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value]
}

/** Command and what it is for, on lines of their own, so that a command can be copied whole. */
export function examples(pairs: readonly (readonly [command: string, purpose: string])[]): string {
  return [
    '',
    'Examples:',
    ...pairs.flatMap(([command, purpose]) => [`  ${command}`, `      ${purpose}`]),
  ].join('\n')
}

export function describeInstant(at: number, now: number): string {
  const seconds = now - at
  const [span, ending] = seconds >= 0 ? [seconds, ' ago'] : [-seconds, ' from now']
  if (span < 60) return seconds >= 0 ? 'just now' : 'in a moment'
  for (const [unit, length] of units) {
    const count = Math.floor(span / length)
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'}${ending}`
  }
  return 'just now'
}

const units: readonly (readonly [string, number])[] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]
