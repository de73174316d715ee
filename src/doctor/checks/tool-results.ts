/** What tools answer, when some were called: small enough, soon enough, and an expired sign-in told by HTTP (claude.com limits, 2026-09). */

import {
  type Check,
  couldNotRun,
  type Judgement,
  notApplicable,
  passed,
  violated,
  warning,
} from '../check.ts'
import { type Examination, type Exchange, exchangesOf, quoted } from '../examination.ts'
import { requestOf } from '../protocol-facts.ts'

const shared = { severity: 'error', party: 'server' } as const
const limitsPage = 'https://claude.com/docs/connectors/faq'

/** Documented for hosted Claude, 2026-09. */
const maximumCharacters = 150_000
/** Claude Code ends at 25 000 tokens; four characters are about one. */
const codeCharacters = 100_000
/** Documented for hosted Claude; the Messages API was seen to end after about 120. */
const patienceSeconds = 300

export const toolResults: readonly Check[] = [
  {
    ...shared,
    id: 'upstream-401-as-result',
    title: 'An expired sign-in behind the server becomes the result of a tool',
    stage: 'staying',
    rank: 20,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/228',
    claude:
      'Shows the model an error text; only HTTP 401 makes it renew, or offer the person to connect again.',
    clients: ['hosted', 'code', 'messages-api'],
    fix: {
      general:
        'When what stands behind the tool answers 401, answer the request itself with HTTP 401 and a challenge, before the handler of the tool turns it into a result.',
    },
    judge: withCalls((calls) => {
      const refused = calls.find(({ result }) => result.isError === true && soundsSignedOut(result))
      return refused === undefined
        ? passed
        : violated(`${refused.name}: isError, ${quoted(textOf(refused.result))}`, refused.exchange)
    }),
  },
  {
    ...shared,
    id: 'result-too-large',
    title: 'A tool answers with more than Claude takes',
    stage: 'tools',
    rank: 42,
    source: limitsPage,
    claude: `Cuts or refuses results of more than ${maximumCharacters} characters; Claude Code of more than 25 000 tokens.`,
    clients: ['hosted', 'code'],
    fix: { general: 'Answer in pages, with a summary, or with a link to the whole.' },
    judge: withCalls((calls) => {
      const { name, result, exchange } =
        calls.toSorted((one, other) => sizeOf(other) - sizeOf(one))[0] ?? none
      const size = JSON.stringify(result).length
      const told = `${quoted(name)} answered with ${size} characters`
      if (size > maximumCharacters) return violated(told, exchange)
      return size > codeCharacters ? warning(`${told}; Claude Code cuts them`, exchange) : passed
    }),
  },
  {
    ...shared,
    id: 'structured-content-missing',
    title: 'A tool with an output schema answers without structured content',
    stage: 'tools',
    rank: 36,
    source: 'MCP 2025-11-25 tools, output schema',
    claude: 'Clients on the MCP SDKs refuse the result: the call fails although the tool did its work.',
    clients: ['code', 'inspector', 'vscode'],
    fix: {
      general: 'Answer with `structuredContent` that fits the `outputSchema`, or leave the schema out.',
    },
    judge: (examination) => {
      const described = examination.walk.tools.filter(({ outputSchema }) => outputSchema !== undefined)
      const judge = withCalls((calls) => {
        const wrong = calls.find(({ name, result }) => {
          const isPromised = described.some((tool) => tool.name === name)
          return isPromised && result.isError !== true && result.structuredContent === undefined
        })
        return wrong === undefined
          ? passed
          : violated(`${quoted(wrong.name)} answered without structuredContent`, wrong.exchange)
      })
      return judge(examination)
    },
  },
  {
    ...shared,
    id: 'call-too-slow',
    title: 'A tool takes longer than Claude waits',
    stage: 'tools',
    rank: 44,
    source: limitsPage,
    claude: `Gives a call up after ${patienceSeconds} seconds; the Messages API was seen to do so after two minutes.`,
    clients: ['hosted', 'messages-api'],
    fix: { general: 'Start the work in one tool, and let a second one ask how far it is.' },
    judge: (examination) => {
      const calls = exchangesOf(examination, 'call').filter(isCall)
      if (calls.length === 0) return notApplicable('no tool was called')
      const slow = calls.find(({ durationMs }) => (durationMs ?? 0) > patienceSeconds * 1000)
      if (slow === undefined && calls.some(({ status }) => status === undefined))
        return couldNotRun(`the tool was not waited for; Claude waits ${patienceSeconds} seconds`)
      if (slow === undefined) return passed
      return violated(`${nameOf(slow)} took ${Math.round((slow.durationMs ?? 0) / 1000)} seconds`, slow)
    },
  },
]

interface Call {
  name: string
  result: Readonly<Record<string, unknown>>
  exchange: Exchange | undefined
}

const none: Call = { name: '', result: {}, exchange: undefined }

function withCalls(judge: (calls: readonly Call[]) => Judgement): Check['judge'] {
  return (examination: Examination) => {
    const exchanges = exchangesOf(examination, 'call').filter(isCall)
    const calls = examination.walk.calls.map(({ name, result }): Call => {
      return { name, result, exchange: exchanges.find((exchange) => nameOf(exchange) === quoted(name)) }
    })
    return calls.length === 0 ? notApplicable('no tool was called') : judge(calls)
  }
}

function isCall(exchange: Exchange): boolean {
  return requestOf(exchange)?.method === 'tools/call'
}

function nameOf(exchange: Exchange): string {
  return quoted((requestOf(exchange)?.params as { name?: unknown } | undefined)?.name)
}

function sizeOf({ result }: Call): number {
  return JSON.stringify(result).length
}

function textOf({ content }: Call['result']): string {
  const parts = Array.isArray(content) ? (content as readonly { text?: unknown }[]) : []
  return parts.map((part) => (typeof part?.text === 'string' ? part.text : '')).join(' ')
}

function soundsSignedOut(result: Call['result']): boolean {
  return /\b401\b|unauthori[sz]ed|invalid[_ ](?:access[_ ])?token|token (?:is |has )?expired|expired token|re-?authenticate/i.test(
    textOf(result),
  )
}
