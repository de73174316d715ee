/** Notices when an MCP server says something else of its tools than before: stores it, tells of it, and writes the difference into the audit log. */

import { createBoundedMap } from '../platform/bounded-map.ts'
import type { Clock } from '../platform/clock.ts'
import { randomId } from '../platform/crypto.ts'
import type { EventFields, Telemetry } from '../platform/telemetry.ts'
import { maximumToolLists } from '../storage/limits.ts'
import type { ToolListRecord, ToolListStorage } from '../storage/storage.ts'
import { toolListHash } from '../storage/tool-list-rule.ts'
import type { ToolChange } from '../ui/console/reports.ts'
import type { AuditRecorder } from './audit.ts'
import { changeBetween } from './tool-changes.ts'

type Tool = ToolListRecord['tools'][number]

/** What was said to somebody. */
export interface PassedTools {
  connector: string
  tools: readonly Tool[]
  /** There is more on another page. */
  isPart: boolean
  /** What kind of client it was said to: a server may show each revision, and each set of capabilities, other tools. */
  kind: string
  /** Of a caller with a credential of their own, who may be shown what nobody else is. */
  personalKey: string | undefined
  /** An event of that caller's flow. */
  emit(name: string, fields: EventFields): void
}

export interface ToolLedger {
  /** Resolves when it is judged; rejects where that could not be, so that it is worth another try. */
  passed(list: PassedTools): Promise<void>
  /** All tools, as Postern itself is shown them. */
  whole(connector: string, tools: readonly Tool[]): Promise<void>
  /** What is being judged is judged when this resolves. */
  close(): Promise<void>
}

export interface ToolLedgerOptions {
  storage: ToolListStorage
  audit: Pick<AuditRecorder, 'write'>
  telemetry: Telemetry
  clock: Clock
}

/** In the audit log, for whoever looks for them. */
export const toolActions = ['upstream.tool_changed'] as const

/** Callers with credentials of their own whose tools are remembered. */
const maximumPeople = 200
/** Kinds of client, of all connectors, of which it is known what they were shown. */
const maximumKinds = 1_000
/** Tenants are connectors too. */
const maximumConnectors = 1_000
/** Of one connector. Beyond it only what was seen last is remembered. */
const maximumDefinitions = 5_000
/** Told one by one; of more than these, that there were more. */
const maximumTold = 50
/** Of one connector: a server that writes the time of day into its descriptions is not worth more. */
const maximumChangesPerHour = 20
const secondsOfHour = 3600
/** Of a difference, in one record of the audit log. */
const maximumDiffCharacters = 4_000

/** The hash of each definition, by the name of its tool. */
type Shown = ReadonlyMap<string, string>

/**
 * A definition is news that was never seen at its connector, or that is another than such a client was shown before.
 * One that only others were shown is none: clients of different revisions and
 * capabilities are shown different ones, turn by turn, and nothing has changed then. For the same reason a tool
 * is new, or gone, only if such a client was shown a list without it, or with it, before.
 */
export function createToolLedger({ storage, audit, telemetry, clock }: ToolLedgerOptions): ToolLedger {
  const hashes = createBoundedMap<string, ReadonlySet<string>>(maximumConnectors)
  const shown = createBoundedMap<string, Shown>(maximumKinds)
  const changes = createBoundedMap<string, { hour: number; count: number }>(maximumConnectors)
  const ofPeople = createBoundedMap<string, readonly Tool[]>(maximumPeople)
  let work: Promise<unknown> = Promise.resolve()

  /** One after the other, so that what one list says is known when the next is judged. */
  function inTurn(judge: () => Promise<void>): Promise<void> {
    const judged = work.then(judge)
    work = judged.catch(() => undefined)
    return judged
  }

  async function judgePassed(list: PassedTools): Promise<void> {
    if (list.personalKey !== undefined) return judgePersonal(list, list.personalKey)
    const place = `${list.connector} ${list.kind}`
    const before = shown.get(place)
    const now: Shown = new Map(list.tools.map((tool) => [tool.name, toolListHash([tool])]))
    await judgeShared(list, now, before)
    // Not before, so that what could not be judged is judged when it goes by again.
    shown.set(place, list.isPart && before !== undefined ? new Map([...before, ...now]) : now)
  }

  /** `before`: as it was shown to such clients; undefined where this is the first. */
  async function judgeShared(list: PassedTools, now: Shown, before: Shown | undefined): Promise<void> {
    const { connector, tools, isPart, emit } = list
    const gone = isPart ? [] : [...(before?.keys() ?? [])].filter((name) => !now.has(name))
    const isNews = ({ name }: Tool): boolean => {
      const [hash = '', former] = [now.get(name), before?.get(name)]
      return hashes.get(connector)?.has(hash) !== true || (former !== undefined && former !== hash)
    }
    if (gone.length === 0 && !tools.some(isNews)) return
    const lists = await storage.listToolLists(connector, maximumToolLists)
    for (const { tools: former } of lists) remember(connector, former)
    const former = lists[0]?.tools
    const latest = merged(former ?? [], tools.filter(isNews)).filter(({ name }) => !gone.includes(name))
    const isKnown = former !== undefined && toolListHash(former) === toolListHash(latest)
    if (isKnown || isTooMuch(connector)) return
    const change = await note(connector, former, latest)
    if (change === undefined) return
    // It is new, and not only new to whoever was shown other tools or another page before.
    const isNew = (name: string): boolean => !isPart && before?.has(name) === false
    tell(connector, { ...change, added: change.added.filter(isNew) }, emit)
  }

  /** Compared with what the same person was shown before, and not kept: it may be about them. */
  function judgePersonal({ connector, tools, emit }: PassedTools, key: string): void {
    const place = `${connector} ${key}`
    const former = ofPeople.get(place)
    const latest = merged(former ?? [], tools)
    ofPeople.set(place, latest)
    if (former === undefined || toolListHash(former) === toolListHash(latest) || isTooMuch(connector)) return
    const change = changeBetween({ tools: former }, { seenAt: clock(), tools: latest })
    tell(connector, { ...change, added: [] }, emit)
  }

  /** Undefined where another instance was first, or where there was nothing to differ from. */
  async function note(
    connector: string,
    former: readonly Tool[] | undefined,
    tools: readonly Tool[],
  ): Promise<ToolChange | undefined> {
    const list = { connector, seenAt: clock(), tools }
    const isNoted = await storage.noteToolList(list)
    remember(connector, tools)
    return isNoted && former !== undefined ? changeBetween({ tools: former }, list) : undefined
  }

  function tell(connector: string, change: ToolChange, emit: PassedTools['emit']): void {
    const all = [
      ...change.changed.map(({ name, lines }) => ({ tool: name, code: 'changed', diff: diffText(lines) })),
      ...change.added.map((tool) => ({ tool, code: 'added', diff: undefined })),
      ...change.removed.map((tool) => ({ tool, code: 'removed', diff: undefined })),
    ]
    for (const { diff, ...one } of all.slice(0, maximumTold)) {
      const facts = { connector, ...one, count: all.length }
      emit('upstream.tool_changed', facts)
      const details = diff === undefined ? facts : { ...facts, diff }
      const [action] = toolActions
      audit.write({ at: clock(), action, actor: 'server', actorId: undefined, flowId: undefined, details })
    }
  }

  function isTooMuch(connector: string): boolean {
    const hour = Math.floor(clock() / secondsOfHour)
    const known = changes.get(connector)
    const count = known?.hour === hour ? known.count + 1 : 1
    changes.set(connector, { hour, count })
    return count > maximumChangesPerHour
  }

  function remember(connector: string, tools: readonly Tool[]): void {
    const seen = hashes.get(connector) ?? new Set()
    const latest = tools.map((tool) => toolListHash([tool]))
    hashes.set(connector, new Set(seen.size > maximumDefinitions ? latest : [...seen, ...latest]))
  }

  return {
    passed: (list) => inTurn(() => judgePassed(list)),
    whole(connector, tools) {
      const flowId = randomId()
      const emit: PassedTools['emit'] = (name, fields) => telemetry.emit(name, flowId, fields)
      const list = { connector, tools, isPart: false, kind: 'postern', personalKey: undefined, emit }
      return inTurn(() => judgePassed(list))
    },
    async close() {
      await work
    },
  }
}

/** In the order in which they were known, with what is new of them in its place, and at the end what is new altogether. */
function merged(former: readonly Tool[], news: readonly Tool[]): Tool[] {
  const byName = new Map(former.map((tool) => [tool.name, tool]))
  for (const tool of news) byName.set(tool.name, tool)
  return [...byName.values()]
}

function diffText(lines: ToolChange['changed'][number]['lines']): string {
  const marks = { same: ' ', added: '+', removed: '-' } as const
  const text = lines.map(({ kind, text: line }) => `${marks[kind]} ${line}`).join('\n')
  return text.length > maximumDiffCharacters ? `${text.slice(0, maximumDiffCharacters)}…` : text
}
