/** The names of tools: what Claude's model API takes, each once, with a title for people (claude.com review criteria, 2026-09). */

import type { Listed } from '../../client/connector.ts'
import type { Check } from '../check.ts'
import { quoted } from '../examination.ts'
import { namesOf, objectOf, withTools } from '../tool-facts.ts'

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
    id: 'tool-name-repeated',
    title: 'Two tools have the same name',
    rank: 41,
    severity: 'error',
    claude: 'The model API refuses a list in which a name stands twice.',
    fix: { general: 'Give each tool a name of its own; a prefix tells apart what several modules bring.' },
    judge: withTools((tools) => {
      const names = tools.map(({ name }) => name)
      const repeated = names.find((name, index) => names.indexOf(name) !== index)
      return repeated === undefined ? undefined : `there are two tools of the name ${quoted(repeated)}`
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
    judge: withTools((tools) =>
      namesOf(
        'without a title',
        tools.filter((tool) => typeof titleOf(tool) !== 'string'),
      ),
    ),
  },
]

function titleOf({ title, annotations }: Listed): unknown {
  return title ?? objectOf(annotations).title
}
