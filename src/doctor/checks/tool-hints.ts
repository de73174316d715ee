/** The hints of tools: whether they only read or may destroy, so that Claude knows when to ask (MCP 2025-11-25 tools, claude.com review criteria 2026-09). */

import type { Listed } from '../../client/connector.ts'
import type { Check } from '../check.ts'
import { type Document, quoted } from '../examination.ts'
import { namesOf, objectOf, withTools } from '../tool-facts.ts'

const shared = {
  stage: 'tools',
  severity: 'warning',
  source: 'https://claude.com/docs/connectors/building/review-criteria',
  clients: ['hosted', 'code', 'messages-api', 'chatgpt'],
  party: 'server',
} as const

export const toolHints: readonly Check[] = [
  {
    ...shared,
    id: 'tool-without-hints',
    title: 'A tool does not say whether it only reads or may destroy',
    rank: 61,
    claude: 'Asks the person before each call, as for a tool that destroys; the directory does not take it.',
    fix: {
      general:
        'Give every tool `annotations` with `readOnlyHint: true`, or with `destructiveHint` where it changes something.',
    },
    judge: withTools((tools) => {
      const without = tools.filter((tool) => {
        const { readOnlyHint, destructiveHint } = hintsOf(tool)
        return readOnlyHint !== true && typeof destructiveHint !== 'boolean'
      })
      return namesOf('without hints', without)
    }),
  },
  {
    ...shared,
    id: 'tool-hints-contradict',
    title: 'The hints of a tool contradict each other, or its name',
    rank: 58,
    claude: 'May run it without asking, because it is said to read only.',
    fix: { general: 'Say `readOnlyHint: true` only of tools that change nothing.' },
    judge: withTools((tools) => {
      const wrong = tools.find((tool) => {
        const { readOnlyHint, destructiveHint } = hintsOf(tool)
        return (
          readOnlyHint === true &&
          (destructiveHint === true ||
            /^(?:delete|remove|drop|destroy|purge)(?:[_-]|[A-Z]|$)/.test(String(tool.name)))
        )
      })
      return wrong === undefined ? undefined : `${quoted(wrong.name)} is said to be ${quoted(hintsOf(wrong))}`
    }),
  },
  {
    ...shared,
    id: 'tool-catches-all',
    title: 'One tool does whatever its method parameter says',
    rank: 62,
    claude: 'Cannot tell reading from writing, and asks before each call; the directory does not take it.',
    fix: {
      general: 'Make a tool of its own for each thing that can be done, reading apart from writing.',
    },
    judge: withTools((tools) => namesOf('with a method to choose', tools.filter(choosesMethod))),
  },
]

function hintsOf({ annotations }: Listed): Document {
  const { readOnlyHint, destructiveHint } = objectOf(annotations)
  return { readOnlyHint, destructiveHint }
}

/** An HTTP method beside a path, or several of them to choose from. */
function choosesMethod({ inputSchema }: Listed): boolean {
  const properties = objectOf(objectOf(inputSchema).properties)
  const [, method] = Object.entries(properties).find(([name]) => /^(?:http_?)?method$/i.test(name)) ?? []
  if (method === undefined) return false
  const choices = objectOf(method).enum
  const verbs = Array.isArray(choices)
    ? choices.filter((choice) => /^(?:get|post|put|patch|delete)$/i.test(String(choice)))
    : []
  const hasPath = Object.keys(properties).some((name) => /^(?:path|url|endpoint|uri)$/i.test(name))
  return verbs.length > 1 || hasPath
}
