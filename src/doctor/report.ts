/** The report of one run as plain data: what `--json` prints and every other form is made from. */

import type { TranscriptStep } from '../client/transcript.ts'
import type { Framework } from './check.ts'
import type { Diagnosis, Finding, JudgedCheck } from './diagnosis.ts'
import type { Effect } from './effects.ts'
import type { Examination, ProbeRecord, Until } from './examination.ts'
import type { HostFacts } from './reach.ts'

export const reportVersion = 1

export interface DoctorReport {
  reportVersion: typeof reportVersion
  url: string
  /** The client it was examined as. */
  client: { name: string; title: string }
  /** Epoch seconds. */
  startedAt: number
  durationMs: number
  until: Until
  /** On this machine or network: how it is reached from the internet was not judged. */
  isLocal: boolean
  verdict: 'works' | 'works-with-warnings' | 'fails'
  /** The first cause first. */
  findings: readonly Finding[]
  checks: readonly JudgedCheck[]
  frameworks: readonly Framework[]
  /** What the run did to the server, and what of it was taken back. */
  effects: readonly Effect[]
  hosts: readonly HostFacts[]
  steps: readonly TranscriptStep[]
  probes: readonly ProbeRecord[]
}

export function reportOf(
  examination: Examination,
  diagnosis: Diagnosis,
  effects: readonly Effect[],
  durationMs: number,
): DoctorReport {
  const { walk, surface } = examination
  const { findings } = diagnosis
  return {
    reportVersion,
    url: walk.transcript.url,
    client: { name: surface.name, title: surface.title },
    startedAt: walk.transcript.startedAt,
    durationMs,
    until: examination.until,
    isLocal: examination.isLocal,
    verdict: findings.some(({ severity }) => severity === 'error')
      ? 'fails'
      : findings.length > 0
        ? 'works-with-warnings'
        : 'works',
    ...diagnosis,
    effects,
    hosts: examination.hosts,
    steps: walk.transcript.steps,
    probes: examination.probes,
  }
}
