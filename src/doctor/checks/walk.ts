/** The walk itself: a connection that came to nothing for a reason that no other check names is still told. */

import { type Check, couldNotRun, everyClient, notApplicable, passed, violated } from '../check.ts'
import { everyExchange } from '../examination.ts'

export const walk: readonly Check[] = [
  {
    id: 'connection-failed',
    title: 'The connection came to nothing',
    stage: 'security',
    rank: 999,
    severity: 'error',
    source: 'https://claude.com/docs/connectors/building/troubleshooting',
    claude: 'Gets no further than this.',
    clients: everyClient,
    party: 'server',
    fix: {
      general:
        'Look at the last exchange of the step that failed; its answer is not what this client can go on with.',
    },
    consequenceOf: 'any-error',
    judge: (examination) => {
      const { failure } = examination.walk
      if (failure === undefined) return passed
      if (failure.reason === 'stopped') return notApplicable('no more was asked for')
      // Claude waits longer for a tool than an examination does.
      const isCalled = examination.walk.transcript.steps.at(-1)?.name === 'call'
      if (isCalled && failure.reason === 'not-reached') return couldNotRun(failure.says)
      return violated(failure.says, everyExchange(examination).at(-1))
    },
  },
]
