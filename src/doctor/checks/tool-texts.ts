/** What the model reads of a server: descriptions and instructions, their length, and whether they describe or command (claude.com review criteria, 2026-09). */

import type { Listed } from '../../client/connector.ts'
import { type Check, notApplicable, passed, violated } from '../check.ts'
import { exchangesOf, quoted } from '../examination.ts'
import { descriptionOf, namesOf, withTools } from '../tool-facts.ts'

const shared = {
  stage: 'tools',
  severity: 'warning',
  source: 'https://claude.com/docs/connectors/building/review-criteria',
  clients: ['hosted', 'code', 'messages-api'],
  party: 'server',
} as const

/** Claude Code cuts there (documented, 2026-09). */
const maximumText = 2048
/** About 25 000 tokens, before the first word was said; four characters are about one. */
const maximumList = 100_000

export const toolTexts: readonly Check[] = [
  {
    ...shared,
    id: 'description-too-long',
    title: 'A description, or the instructions, are longer than Claude Code reads',
    rank: 63,
    source: 'https://code.claude.com/docs/en/mcp',
    claude: `Cuts descriptions and instructions after ${maximumText} characters.`,
    clients: ['code'],
    fix: {
      general: 'Put what matters first, and details into the descriptions of parameters or a resource.',
    },
    judge: (examination) => {
      const instructions = examination.walk.session?.server.instructions ?? ''
      const listing = exchangesOf(examination, 'lists')[0]
      if (instructions.length > maximumText)
        return violated(
          `the instructions have ${instructions.length} characters`,
          exchangesOf(examination, 'session', 'probe').at(-1),
        )
      if (examination.walk.session === undefined) return notApplicable('no session was opened')
      const long = examination.walk.tools.find((tool) => descriptionOf(tool).length > maximumText)
      return long === undefined
        ? passed
        : violated(
            `the description of ${quoted(long.name)} has ${descriptionOf(long).length} characters`,
            listing,
          )
    },
  },
  {
    ...shared,
    id: 'tool-without-description',
    title: 'A tool has no description',
    rank: 59,
    claude: 'Guesses from the name when to use it.',
    fix: { general: 'Say in one or two sentences what the tool does, and when to use it.' },
    judge: withTools((tools) =>
      namesOf(
        'without a description',
        tools.filter((tool) => descriptionOf(tool).trim() === ''),
      ),
    ),
  },
  {
    ...shared,
    id: 'description-commands-model',
    title: 'A description gives orders to the model',
    rank: 57,
    claude: 'May follow them, against what the person wants; the directory does not take such a server.',
    fix: {
      general: 'Describe what the tool does; leave to the model and the person when and whether to use it.',
    },
    judge: withTools((tools) => {
      const commanding = tools.find((tool) => commandIn(tool) !== undefined)
      return commanding === undefined
        ? undefined
        : `the description of ${quoted(commanding.name)} says ${quoted(commandIn(commanding))}`
    }),
  },
  {
    ...shared,
    id: 'tool-list-too-large',
    title: 'The list of tools takes a large part of what the model can read',
    rank: 64,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/863',
    claude: 'Leaves tools out of a conversation when their descriptions are over its budget.',
    fix: { general: 'Offer fewer tools with shorter schemas, or several servers for several purposes.' },
    judge: withTools((tools) => {
      const size = JSON.stringify(tools).length
      return size > maximumList ? `${tools.length} tools are described in ${size} characters` : undefined
    }),
  },
]

/** Sentences that speak to the model about other things than the tool. */
const commands: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget) (?:all |any )?(?:the )?(?:previous|prior|other|earlier|above) (?:instructions|messages|tools)\b/i,
  /\b(?:do not|don't|never) (?:tell|inform|mention (?:this |it )?to|show|reveal (?:this |it )?to) the user\b/i,
  /\bwithout (?:telling|asking|informing) the user\b/i,
  /\b(?:always|must) (?:call|use|run|invoke) this tool (?:first|before)\b/i,
  /\bbefore (?:using|calling|running) any other tool\b/i,
  /\bnever (?:use|call) (?:any )?other (?:tools?|servers?|connectors?)\b/i,
  /\b(?:your|the) system prompt\b/i,
  /<(?:important|system|instructions?)>/i,
]

function commandIn(tool: Listed): string | undefined {
  const description = descriptionOf(tool)
  for (const command of commands) {
    const [found] = command.exec(description) ?? []
    if (found !== undefined) return found
  }
  return undefined
}
