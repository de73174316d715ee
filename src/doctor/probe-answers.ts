/** What checks of a probe ask first: its answer, or why there is none. */

import { type Judgement, needsConsent, notApplicable } from './check.ts'
import { type Examination, type Exchange, probed, probeOf } from './examination.ts'

/** Judges the answer that carries the label. `otherwise`: why there is none, where the probe itself does not say. */
export function judgeAnswer(
  probe: string,
  label: string,
  otherwise: string,
  judge: (answer: Exchange, examination: Examination) => Judgement,
): (examination: Examination) => Judgement {
  return (examination) => {
    const answer = probed(examination, probe, label)
    return answer === undefined ? unasked(examination, probe, otherwise) : judge(answer, examination)
  }
}

/** For what was to be judged by a probe that did not run, or not as far as that. */
export function unasked(
  examination: Pick<Examination, 'probes'>,
  probe: string,
  otherwise: string,
): Judgement {
  const { verdict, why = otherwise } = probeOf(examination, probe) ?? {}
  return verdict === 'needs-consent' ? needsConsent(why) : notApplicable(why)
}
