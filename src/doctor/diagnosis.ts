/** From an examination to findings: every check judges, and what comes first is what Claude met first. */

import {
  type AffectedClient,
  type Check,
  type Framework,
  type Judgement,
  notApplicable,
  type Party,
  type Stage,
  stages,
} from './check.ts'
import type { Examination } from './examination.ts'
import { recogniseFrameworks } from './frameworks.ts'

export interface Finding {
  id: string
  title: string
  severity: 'error' | 'warning'
  stage: Stage
  /** What was seen. */
  cause: string
  /** What Claude does because of it. */
  claude: string
  /** What the person read in Claude. */
  seen: string | undefined
  /** What to change; then the same in the words of each product that was recognised. */
  fix: string
  fixIn: Partial<Record<Framework, string>>
  source: string
  clients: readonly AffectedClient[]
  party: Party
  /** Numbers of the exchanges in which it shows. */
  exchanges: readonly number[]
  /** The finding that explains this one; it goes away with that. */
  becauseOf: string | undefined
  /** Why it does not make the run fail: it was there before, or is expected. */
  tolerated: string | undefined
}

export interface JudgedCheck {
  id: string
  title: string
  stage: Stage
  verdict: Judgement['verdict']
  /** What was seen, or why there is no verdict. */
  says: string | undefined
}

export interface Diagnosis {
  /** The first cause first; what follows from another comes last. */
  findings: readonly Finding[]
  checks: readonly JudgedCheck[]
  frameworks: readonly Framework[]
}

export function diagnose(examination: Examination, checks: readonly Check[]): Diagnosis {
  const judged = withoutLastResort(
    checks.map((check) => ({ check, judgement: judgeSafely(check, examination) })),
  )
  const frameworks = recogniseFrameworks(examination)
  const faults = judged.flatMap(({ check, judgement }) =>
    'cause' in judgement ? [{ check, judgement }] : [],
  )
  const found = new Set(faults.map(({ check }) => check.id))
  const findings = faults
    .toSorted(
      (left, right) =>
        Number(isError(right)) - Number(isError(left)) || placeOf(left.check) - placeOf(right.check),
    )
    .map(({ check, judgement }) => findingOf(check, judgement, frameworks, becauseOf(check, found)))
  const causes = findings.filter((finding) => finding.becauseOf === undefined)
  return {
    findings: [...causes, ...findings.filter((finding) => finding.becauseOf !== undefined)],
    checks: judged.map(({ check, judgement }) => judgedCheck(check, judgement)),
    frameworks,
  }
}

/** What is told only when nothing else explains a failure is not told beside what does. */
function withoutLastResort(judged: readonly Judged[]): readonly Judged[] {
  const isExplained = judged.some(({ check, judgement }) => {
    return check.consequenceOf !== 'any-error' && 'cause' in judgement && isError({ check, judgement })
  })
  if (!isExplained) return judged
  return judged.map(({ check, judgement }) => {
    const isToldElsewhere = check.consequenceOf === 'any-error' && 'cause' in judgement
    return { check, judgement: isToldElsewhere ? notApplicable('another finding explains it') : judgement }
  })
}

type Judged = { check: Check; judgement: Judgement }
type Fault = { check: Check; judgement: Extract<Judgement, { cause: string }> }

function isError({ check, judgement }: Fault): boolean {
  return check.severity === 'error' && judgement.verdict === 'violated'
}

/** A check that trips over what a stranger's server sent is our fault, and no reason to keep silent about the rest. */
function judgeSafely(check: Check, examination: Examination): Judgement {
  try {
    return check.judge(examination)
  } catch (error) {
    return { verdict: 'could-not-run', why: `the check itself failed: ${String(error)}` }
  }
}

function placeOf({ stage, rank }: Check): number {
  return stages.indexOf(stage) * 1000 + rank
}

function becauseOf(check: Check, found: ReadonlySet<string>): string | undefined {
  if (check.consequenceOf === undefined || check.consequenceOf === 'any-error') return undefined
  return check.consequenceOf.find((id) => found.has(id))
}

function findingOf(
  check: Check,
  judgement: Fault['judgement'],
  frameworks: readonly Framework[],
  because: string | undefined,
): Finding {
  const recognised = frameworks.flatMap((framework): [Framework, string][] => {
    const says = check.fix.frameworks?.[framework]
    return says === undefined ? [] : [[framework, says]]
  })
  return {
    id: check.id,
    title: check.title,
    severity: isError({ check, judgement }) ? 'error' : 'warning',
    stage: check.stage,
    cause: judgement.cause,
    claude: check.claude,
    seen: check.seen,
    fix: check.fix.general,
    fixIn: Object.fromEntries(recognised),
    source: check.source,
    clients: check.clients,
    party: check.party,
    exchanges: judgement.exchanges,
    becauseOf: because,
    tolerated: undefined,
  }
}

function judgedCheck(check: Check, judgement: Judgement): JudgedCheck {
  const { id, title, stage } = check
  const says = 'cause' in judgement ? judgement.cause : 'why' in judgement ? judgement.why : undefined
  const verdict =
    judgement.verdict === 'violated' && check.severity === 'warning' ? 'warning' : judgement.verdict
  return { id, title, stage, verdict, says }
}
