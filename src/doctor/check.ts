/** The contract of a check: what it knows of one fault, and a pure judgement over what was seen on the wire. */

import type { Examination } from './examination.ts'

/** In the order in which a client meets them. */
export const stages = [
  'reach',
  'first-answer',
  'discovery',
  'registration',
  'authorize',
  'token',
  'first-call',
  'staying',
  'protocol',
  'tools',
  'security',
] as const

export type Stage = (typeof stages)[number]

/** Who suffers. `hosted`: claude.ai, Desktop, mobile and Cowork, whose requests all come from one cloud. */
export type AffectedClient = 'hosted' | 'code' | 'messages-api' | 'inspector' | 'chatgpt' | 'vscode'

export const everyClient: readonly AffectedClient[] = [
  'hosted',
  'code',
  'messages-api',
  'inspector',
  'chatgpt',
  'vscode',
]

/** Whose fault it is: the MCP server, what stands before it, who signs people in, or whoever set it up. */
export type Party = 'server' | 'edge' | 'authorization-server' | 'set-up'

export type Framework =
  | 'cloudflare'
  | 'vercel'
  | 'nginx'
  | 'apache'
  | 'caddy'
  | 'express'
  | 'hono'
  | 'fastmcp'
  | 'django'
  | 'spring'
  | 'auth0'
  | 'entra'
  | 'keycloak'
  | 'cognito'
  | 'google'
  | 'api-gateway'
  | 'tunnel'

export interface Fix {
  general: string
  /** Where it usually happens, in the words of that place. */
  frameworks?: Partial<Record<Framework, string>>
}

export interface Check {
  /** Names the fault, not the check: `challenge-missing`. */
  id: string
  /** The fault in one short sentence. */
  title: string
  stage: Stage
  /**
   * Within its stage the smaller is met first: 10 nothing comes back, 20 the wrong status, 30 the wrong form,
   * 40 a wrong value, 50 values that do not agree, 60 what only costs time or comfort.
   */
  rank: number
  /** `error` where a MUST is broken or Claude stops; `warning` for a SHOULD, or what only some clients mind. */
  severity: 'error' | 'warning'
  /** The paragraph of a standard, or the address where the behaviour was read or seen. */
  source: string
  /** What Claude does because of it. */
  claude: string
  /** What the person read in Claude, where a text is known. */
  seen?: string
  clients: readonly AffectedClient[]
  party: Party
  fix: Fix
  /**
   * Ids of faults that bring this one about: when one of them is found too, this is listed after it, as what follows.
   * `any-error`: told only when nothing else explains the failure.
   */
  consequenceOf?: readonly string[] | 'any-error'
  judge(examination: Examination): Judgement
}

export type Judgement =
  | { verdict: 'passed' }
  | { verdict: 'violated' | 'warning'; cause: string; exchanges: readonly number[] }
  | { verdict: 'not-applicable' | 'could-not-run' | 'needs-consent'; why: string }

export const passed: Judgement = { verdict: 'passed' }

/** `cause`: what was seen, with the values that were seen. */
export function violated(cause: string, ...at: readonly Numbered[]): Judgement {
  return { verdict: 'violated', cause, exchanges: numbersOf(at) }
}

/** Milder than what the check is usually about. */
export function warning(cause: string, ...at: readonly Numbered[]): Judgement {
  return { verdict: 'warning', cause, exchanges: numbersOf(at) }
}

export function notApplicable(why: string): Judgement {
  return { verdict: 'not-applicable', why }
}

/** What lies between a server and the internet, when there is nothing between; the report lists these as to be judged again. */
export const testedLocally: Judgement = notApplicable(
  'tested on this machine; --as-if-public judges it all the same',
)

/** What it would look at was never seen: no judgement, good or bad. */
export function couldNotRun(why: string): Judgement {
  return { verdict: 'could-not-run', why }
}

export function needsConsent(why: string): Judgement {
  return { verdict: 'needs-consent', why }
}

type Numbered = { number: number } | undefined

function numbersOf(exchanges: readonly Numbered[]): number[] {
  return exchanges.flatMap((exchange) => (exchange === undefined ? [] : [exchange.number]))
}
