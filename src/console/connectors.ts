/** The connectors as they are now: whether their MCP servers answer, what tools these offer, and what changed in them. */

import { toolChanges } from '../ledger/tool-changes.ts'
import type { Clock } from '../platform/clock.ts'
import type { HourCount, Storage, ToolListRecord } from '../storage/storage.ts'
import type { ConnectorReport } from '../ui/console/reports.ts'
import { sumOf } from './overview.ts'

/** A connector as the console looks at it. */
export interface WatchedConnector {
  name: string
  path: string
  url: string
  access: string
  /** All that its MCP server says of its tools; undefined if it does not answer in time. */
  definitions(): Promise<ToolListRecord['tools'] | undefined>
}

export type NoteTools = (connector: string, tools: ToolListRecord['tools']) => Promise<void>

export interface WatchOptions {
  storage: Pick<Storage, 'listHourCounts' | 'listToolLists'>
  clock: Clock
  connectors: readonly WatchedConnector[]
  noteTools: NoteTools
}

/** Pages renew themselves; an MCP server may be a program that has to be started to be asked. */
const askedAnewMs = 30_000
/** The latest. All of them are in the audit log. */
const changesShown = 5
const secondsOfDay = 86_400

export function createWatch({
  storage,
  clock,
  connectors,
  noteTools,
}: WatchOptions): () => Promise<ConnectorReport[]> {
  const watched = connectors.map(({ definitions, ...facts }) => {
    const ask = notTooOften(async () => {
      const tools = await definitions()
      // Only what was said just now: an older answer would undo what others have noticed since.
      if (tools !== undefined) await noteTools(facts.path, tools)
      return tools
    })
    return { facts, ask }
  })

  async function report(
    { facts, ask }: (typeof watched)[number],
    all: readonly HourCount[],
  ): Promise<ConnectorReport> {
    const tools = await ask()
    const counts = all.filter(({ connector }) => connector === facts.path)
    return {
      ...facts,
      answers: tools !== undefined,
      tools: (tools ?? []).map(toolFacts),
      calls: sumOf(counts, 'calls'),
      failures: sumOf(counts, 'failures'),
      changes: toolChanges(await storage.listToolLists(facts.path, changesShown + 1)),
    }
  }

  return async function reportAll() {
    const counts = await storage.listHourCounts(clock() - secondsOfDay)
    return Promise.all(watched.map((one) => report(one, counts)))
  }
}

function notTooOften<T>(ask: () => Promise<T>): () => Promise<T> {
  let latest: { answer: Promise<T>; askedAt: number } | undefined
  return function askOrRemember() {
    const now = performance.now()
    if (latest === undefined || now - latest.askedAt > askedAnewMs) latest = { answer: ask(), askedAt: now }
    return latest.answer
  }
}

function toolFacts(tool: ToolListRecord['tools'][number]): ConnectorReport['tools'][number] {
  const hints = tool.annotations as { readOnlyHint?: unknown } | undefined
  const title = typeof tool.title === 'string' ? tool.title : undefined
  return { name: tool.name, title, readOnly: hints?.readOnlyHint === true }
}
