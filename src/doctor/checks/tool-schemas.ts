/** The input schemas of tools, as the model API takes them: a plain object at the root (MCP 2025-11-25 tools). */

import type { Listed } from '../../client/connector.ts'
import type { Check } from '../check.ts'
import { quoted } from '../examination.ts'
import { objectOf, withTools } from '../tool-facts.ts'

const shared = {
  stage: 'tools',
  clients: ['hosted', 'code', 'messages-api', 'chatgpt', 'vscode'],
  party: 'server',
} as const

export const toolSchemas: readonly Check[] = [
  {
    ...shared,
    id: 'schema-root-not-object',
    title: 'The input schema of a tool is no plain object',
    rank: 30,
    severity: 'error',
    source: 'https://github.com/anthropics/claude-code/blob/main/CHANGELOG.md',
    claude: 'The model API refuses the whole list of tools; Claude Code flattens some of them since 2.1.195.',
    fix: {
      general:
        'Let every `inputSchema` have `"type": "object"` at its root, without `anyOf`, `oneOf`, `allOf` or `$ref` there; alternatives go into a property.',
      frameworks: {
        express: 'A `z.union` or `z.discriminatedUnion` at the root becomes `anyOf`: wrap it in `z.object`.',
      },
    },
    judge: withTools((tools) => {
      const wrong = tools.find((tool) => rootFault(tool) !== undefined)
      return wrong === undefined ? undefined : `the inputSchema of ${quoted(wrong.name)} ${rootFault(wrong)}`
    }),
  },
  {
    ...shared,
    id: 'schema-requires-unknown',
    title: 'The input schema of a tool requires what it does not describe',
    rank: 46,
    severity: 'warning',
    source: 'MCP 2025-11-25 tools, JSON Schema 2020-12 §6.5.3',
    claude: 'Guesses the value, because nothing says what it is.',
    fix: { general: 'Describe every name of `required` in `properties`.' },
    judge: withTools((tools) => {
      for (const { name, inputSchema } of tools) {
        const { required, properties } = objectOf(inputSchema)
        const known = Object.keys(objectOf(properties))
        const missing = Array.isArray(required)
          ? required.find((needed) => !known.includes(String(needed)))
          : undefined
        if (missing !== undefined) return `${quoted(name)} requires ${quoted(missing)}`
      }
      return undefined
    }),
  },
]

function rootFault({ inputSchema }: Listed): string | undefined {
  if (typeof inputSchema !== 'object' || inputSchema === null || Array.isArray(inputSchema))
    return `is ${quoted(inputSchema)}`
  const schema = objectOf(inputSchema)
  const choice = ['anyOf', 'oneOf', 'allOf', '$ref'].find((keyword) => keyword in schema)
  if (choice !== undefined) return `has ${choice} at its root`
  return schema.type === 'object' ? undefined : `has the type ${quoted(schema.type)}`
}
