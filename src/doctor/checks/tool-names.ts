/** The names of tools: what Claude's model API takes, each once, with a title for people (claude.com review criteria, 2026-09). */

import type { Listed } from '../../client/connector.ts'
import { type Check, notApplicable, passed, violated } from '../check.ts'
import { type Examination, exchangesOf, quoted, rpcOf } from '../examination.ts'

const shared = {
  stage: 'tools',
  source: 'https://claude.com/docs/connectors/building/review-criteria',
  clients: ['hosted', 'code', 'messages-api'],
  party: 'server',
} as const

export const toolNames: readonly Check[] = [
  {
    ...shared,
    id: 'tool-name-invalid',
    title: 'A tool has a name that Claude cannot use',
    rank: 40,
    severity: 'error',
    claude: 'The model API refuses the whole list of tools, or leaves this one out.',
    fix: { general: 'Use letters, digits, `_` and `-`, at most 64 of them.' },
    judge: withTools((tools) => {
      const wrong = tools.find(({ name }) => typeof name !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(name))
      return wrong === undefined ? undefined : `a tool is called ${quoted(wrong.name)}`
    }),
  },
  {
    ...shared,
    id: 'tool-without-title',
    title: 'A tool has no title',
    rank: 60,
    severity: 'warning',
    claude: 'Shows its bare name when it asks for permission; the directory does not take it.',
    fix: { general: 'Give every tool a `title`.' },
    judge: withTools((tools) => {
      const without = tools.filter((tool) => typeof titleOf(tool) !== 'string').map(({ name }) => name)
      return without.length === 0
        ? undefined
        : `without a title: ${without.slice(0, 5).map(quoted).join(', ')}`
    }),
  },
]

function titleOf({ title, annotations }: Listed): unknown {
  return title ?? (annotations as Listed | undefined)?.title
}

/** A list that was not read to its end grades nothing. */
function withTools(faultOf: (tools: readonly Listed[]) => string | undefined): Check['judge'] {
  return (examination: Examination) => {
    const { tools } = examination.walk
    if (tools.length === 0) return notApplicable('no tools were listed')
    const fault = faultOf(tools)
    const listing = exchangesOf(examination, 'lists').find(
      (exchange) => rpcOf(exchange)?.result !== undefined,
    )
    return fault === undefined ? passed : violated(fault, listing)
  }
}
