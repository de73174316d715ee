/** Attempts that somebody else made, for a person at a terminal: what stopped first, once for each cause; then who is connected. */

import type { AttemptReport, AttemptStep } from '../../ui/console/reports.ts'
import { type Ink, row } from '../reports/terminal.ts'
import { clean } from '../reports/words.ts'

/** The latest first. */
export function formatAttempts(attempts: readonly AttemptReport[], ink: Ink): string {
  const told = attempts.filter(({ state }) => state !== 'looked')
  const failing = told.filter(isFailing)
  const causes = new Map<string, AttemptReport[]>()
  for (const attempt of failing) {
    const key = attempt.diagnosis?.id ?? `after ${attempt.reached ?? 'nothing'}`
    causes.set(key, [...(causes.get(key) ?? []), attempt])
  }
  return [
    [...causes.values()].flatMap(([latest, ...more]) =>
      latest === undefined ? [] : [failure(latest, more.length, ink)],
    ),
    told
      .filter((attempt) => !isFailing(attempt))
      .slice(0, maximumGood)
      .map((attempt) => good(attempt, ink))
      .join('\n'),
    ink.faint(summary(told)),
  ]
    .flat()
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}

/** Of the good ones a few tell that it works. */
const maximumGood = 5

export function isFailing({ state }: Pick<AttemptReport, 'state'>): boolean {
  return state === 'stopped' || state === 'troubled'
}

function failure(attempt: AttemptReport, more: number, ink: Ink): string {
  const { diagnosis, lastStep, seen } = attempt
  const mark = attempt.state === 'troubled' ? ink.warn('!') : ink.bad('✖')
  const again = more === 0 ? '' : ink.faint(` (and ${more} more like it before)`)
  const head = `${mark} ${ink.strong(`${headOf(attempt)}: ${clean(seen ?? `it came as far as “${lastStep}”`)}`)}${again}`
  const rows: (readonly [string, string | undefined])[] =
    diagnosis === undefined
      ? []
      : [
          ['It says', diagnosis.shown],
          ['Likely', diagnosis.cause],
          ['Fix', diagnosis.fix],
          ['Where', [diagnosis.id, ...diagnosis.rows, ...diagnosis.sources].join(', ')],
        ]
  return [
    head,
    ...rows.flatMap(([label, says]) => (says === undefined ? [] : [row(label, says, ink)])),
    '',
    ...attempt.timeline.map((step) => stepLine(step, ink)),
  ].join('\n')
}

function good(attempt: AttemptReport, ink: Ink): string {
  const { lastAt, lastStep, state } = attempt
  const mark = state === 'connected' ? ink.good('✔') : ink.faint('·')
  return `${mark} ${headOf(attempt)}: ${stateWords[state]}; ${clean(lastStep)}, last seen ${timeOf(lastAt)}`
}

const stateWords: Readonly<Record<AttemptReport['state'], string>> = {
  'under-way': 'under way',
  waiting: 'waits for a person',
  connected: 'connected',
  stopped: 'stopped',
  troubled: 'in trouble',
  ended: 'ended',
  looked: 'no attempt',
}

function headOf({ client, person, startedAt }: AttemptReport): string {
  return `${clean(client)}${person === undefined ? '' : ` for ${clean(person)}`}, ${timeOf(startedAt)}`
}

function stepLine({ afterSeconds, count, isInferred, words }: AttemptStep, ink: Ink): string {
  const times = count > 1 ? `, ${count} times` : ''
  const offset = `+${afterSeconds} s`.padStart(9)
  return `  ${ink.faint(offset)} ${isInferred ? '~' : ' '} ${clean(words)}${times}`
}

function summary(told: readonly AttemptReport[]): string {
  const failing = told.filter(isFailing).length
  const connected = told.filter(({ state }) => state === 'connected').length
  return `${told.length} ${told.length === 1 ? 'attempt' : 'attempts'} to connect: ${connected} connected, ${failing} stopped or in trouble, ${told.length - connected - failing} under way or ended.`
}

function timeOf(at: number): string {
  const time = new Date(at * 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}
