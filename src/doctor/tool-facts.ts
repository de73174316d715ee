/** What checks of tools share: the whole list, the exchange it came in, and the words of a tool. */

import type { Listed } from '../client/connector.ts'
import { type Check, notApplicable, passed, violated } from './check.ts'
import { type Document, type Examination, exchangesOf, quoted, rpcOf } from './examination.ts'
import { requestOf } from './protocol-facts.ts'

/** A list that was not read to its end grades nothing. */
export function withTools(
  faultOf: (tools: readonly Listed[], examination: Examination) => string | undefined,
): Check['judge'] {
  return (examination) => {
    const { tools } = examination.walk
    if (tools.length === 0) return notApplicable('no tools were listed')
    const fault = faultOf(tools, examination)
    if (fault === undefined) return passed
    const listing = exchangesOf(examination, 'lists').find(
      (exchange) => requestOf(exchange)?.method === 'tools/list' && exchange.status === 200,
    )
    const any = exchangesOf(examination, 'lists').find((exchange) => rpcOf(exchange)?.result !== undefined)
    return violated(fault, listing ?? any)
  }
}

/** `without a title: "a", "b" and 3 more`; undefined for none. */
export function namesOf(what: string, tools: readonly Listed[]): string | undefined {
  if (tools.length === 0) return undefined
  const named = tools.slice(0, shownNames).map(({ name }) => quoted(name))
  const more = tools.length > shownNames ? ` and ${tools.length - shownNames} more` : ''
  return `${what}: ${named.join(', ')}${more}`
}

const shownNames = 5

export function objectOf(value: unknown): Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Document) : {}
}

export function descriptionOf({ description }: Listed): string {
  return typeof description === 'string' ? description : ''
}
