/** All that one run saw of a server: the walk as a client, the further probes, and the hosts. The only thing that checks may look at. */

import type { Connection } from '../client/connector.ts'
import type { Surface } from '../client/surface.ts'
import type { StepName, TranscriptExchange, TranscriptStep } from '../client/transcript.ts'
import type { Facts } from './facts.ts'
import type { HostFacts } from './reach.ts'
import type { TokenForm } from './token-form.ts'

export interface Examination {
  /** As it was typed. */
  url: string
  surface: Surface
  /** On this machine or network, where what lies between it and the internet says nothing. */
  isLocal: boolean
  /** A client id was typed under the advanced settings: none has to be come by. */
  isClientGiven: boolean
  /** How far the walk was allowed to go. */
  until: Until
  walk: Connection
  hosts: readonly HostFacts[]
  probes: readonly ProbeRecord[]
  /** What the access token looks like; the token itself is in no record. */
  tokenForm: TokenForm | undefined
  /** Read once out of the rest. */
  facts: Facts
}

/** `lists`: signed in, listed, called nothing. */
export type Until = 'discovery' | 'registration' | 'lists'

export interface ProbeRecord {
  name: string
  title: string
  verdict: 'ran' | 'not-applicable' | 'could-not-run' | 'needs-consent'
  /** Why it did not run. */
  why: string | undefined
  exchanges: readonly LabelledExchange[]
}

/** The label is unique within its probe, and what checks find it by. */
export interface LabelledExchange extends TranscriptExchange {
  label: string
}

/** Whatever a check looks for: one exchange of the walk or of a probe. */
export type Exchange = TranscriptExchange

export function stepsOf(
  { walk }: Pick<Examination, 'walk'>,
  ...names: readonly StepName[]
): TranscriptStep[] {
  return walk.transcript.steps.filter(({ name }) => names.includes(name))
}

export function exchangesOf(
  examination: Pick<Examination, 'walk'>,
  ...names: readonly StepName[]
): Exchange[] {
  return stepsOf(examination, ...names).flatMap(({ exchanges }) => exchanges)
}

export function probeOf({ probes }: Pick<Examination, 'probes'>, name: string): ProbeRecord | undefined {
  return probes.find((probe) => probe.name === name)
}

/** The exchange of a probe that carries the label. */
export function probed(
  examination: Pick<Examination, 'probes'>,
  probe: string,
  label: string,
): Exchange | undefined {
  return probeOf(examination, probe)?.exchanges.find((exchange) => exchange.label === label)
}

/** The walk's and the probes', in the order in which they are numbered. */
export function everyExchange(examination: Pick<Examination, 'walk' | 'probes'>): Exchange[] {
  const walked = examination.walk.transcript.steps.flatMap(({ exchanges }) => exchanges)
  return [...walked, ...examination.probes.flatMap(({ exchanges }) => exchanges)]
}

/** The body as a JSON object, or undefined. */
export function jsonOf(exchange: Pick<Exchange, 'responseBody'> | undefined): Document | undefined {
  const value = parse(exchange?.responseBody)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Document)
    : undefined
}

export type Document = Readonly<Record<string, unknown>>

/** The JSON-RPC message that answers a POST, also when it came as an event of a stream. */
export function rpcOf(exchange: Exchange | undefined): Document | undefined {
  const messages = messagesOf(exchange)
  return messages.find(isResponse) ?? messages[0]
}

/** Every JSON-RPC message of an answer: its body, or the events of a stream, as far as they were kept. */
export function messagesOf(exchange: Exchange | undefined): Document[] {
  const plain = jsonOf(exchange)
  if (plain !== undefined) return [plain]
  return messagesIn(exchange?.responseBody ?? '')
}

/** Of the events of a stream; a client reads them the same way. */
export function messagesIn(text: string): Document[] {
  const events = [...text.matchAll(/^data: ?(.+)$/gm)].map(([, data]) => jsonOf({ responseBody: data }))
  return events.filter((message) => message !== undefined)
}

/** A stream that may go on has brought what was waited for; any other answer is read to its end. */
export function hasResponse(text: string): boolean {
  return messagesIn(text).some(isResponse)
}

export function isResponse(message: Document): boolean {
  return message.id !== undefined && (message.result !== undefined || message.error !== undefined)
}

export function mediaTypeOf(exchange: Exchange): string {
  return (exchange.responseHeaders['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** A page for people, whatever it calls itself. */
export function isHtml(exchange: Exchange): boolean {
  return (
    mediaTypeOf(exchange) === 'text/html' ||
    /^\s*<(?:!doctype|html|head)\b/i.test(exchange.responseBody ?? '')
  )
}

export function isRedirect({ status }: Pick<Exchange, 'status'>): boolean {
  return status !== undefined && status >= 300 && status <= 399 && status !== 304
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `401`, or why nothing came. */
export function outcomeOf(exchange: Exchange): string {
  return exchange.status === undefined ? (exchange.failure ?? 'no answer') : `status ${exchange.status}`
}

/** A value of the server's in a sentence. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
