/** How long answers take: Claude waits 10 seconds for metadata, registration and tokens, and for ever for nobody (documented 2026-09). */

import { type Check, couldNotRun, notApplicable, passed, violated, warning } from '../check.ts'
import { type Exchange, exchangesOf, mediaTypeOf, probed, probeOf } from '../examination.ts'

export const answerTimes: readonly Check[] = [
  {
    id: 'answer-too-slow',
    title: 'An answer takes longer than Claude waits',
    stage: 'reach',
    rank: 35,
    severity: 'error',
    source: 'https://claude.com/docs/connectors/building/troubleshooting',
    claude:
      'Gives up after 10 seconds at metadata and registration; it advises to stay below 5. What fails only after a pause looks like chance.',
    seen: 'Couldn’t reach the MCP server',
    clients: ['hosted', 'code', 'messages-api'],
    party: 'server',
    fix: {
      general:
        'Keep one instance warm, and answer metadata from memory: nothing before the sign-in needs a database or another service.',
      frameworks: {
        vercel: 'Turn on Fluid compute, or keep the metadata routes static.',
        'api-gateway': 'Provisioned concurrency, or metadata as a static response of the gateway.',
      },
    },
    consequenceOf: ['no-answer'],
    judge: (examination) => {
      const timed = [
        ...exchangesOf(examination, 'probe', 'discovery', 'registration'),
        ...['knocks', 'metadata'].flatMap((name) => probeOf(examination, name)?.exchanges ?? []),
      ].filter((exchange) => !isOpenEnded(exchange))
      const slowest = timed.toSorted((one, other) => secondsOf(other) - secondsOf(one))[0]
      if (slowest === undefined) return couldNotRun('nothing was answered')
      const seconds = secondsOf(slowest)
      const says = `${slowest.method} ${new URL(slowest.url).pathname} took ${seconds.toFixed(1)} s`
      if (seconds >= limitSeconds) return violated(says, slowest)
      return seconds >= advisedSeconds ? warning(says, slowest) : passed
    },
  },
  {
    id: 'get-unanswered',
    title: 'A GET on the endpoint is never answered',
    stage: 'first-answer',
    rank: 55,
    severity: 'error',
    source: 'https://github.com/anthropics/anthropic-sdk-typescript/issues/784',
    claude:
      'Claude Code and the Messages API connector ask for a stream as well, and the call hangs until it times out.',
    clients: ['code', 'messages-api', 'inspector'],
    party: 'server',
    fix: {
      general:
        'Answer GET at once: 405 if there is no stream, or the head of one (`200`, `text/event-stream`) before its first event. A path that does not exist is 404, at once.',
      frameworks: { express: '`app.get("/mcp", (_, res) => res.status(405).end())`.' },
    },
    judge: (examination) => {
      const knock = examination.facts.initialize
      if (knock?.status === undefined) return notApplicable('POST is not answered either')
      const silent = [probed(examination, 'knocks', 'get'), probed(examination, 'metadata', 'unknown-plain')]
      const first = silent.find((exchange) => exchange !== undefined && exchange.status === undefined)
      return first === undefined
        ? passed
        : violated(`GET ${new URL(first.url).pathname}: ${first.failure ?? 'no answer'}`, first)
    },
  },
]

const limitSeconds = 10
const advisedSeconds = 5

function secondsOf({ durationMs }: Exchange): number {
  return (durationMs ?? 0) / 1000
}

/** A stream lasts as long as it likes, and a GET that is never answered is told by itself. */
function isOpenEnded(exchange: Exchange & { label?: string }): boolean {
  return exchange.label === 'get' || mediaTypeOf(exchange) === 'text/event-stream'
}
