/** What changed between two lists of tools: which are new, which are gone, and line by line what is said differently of the others. Pure. */

import type { ToolListRecord } from '../storage/storage.ts'
import type { DiffLine, ToolChange } from '../ui/console/reports.ts'

type Tool = ToolListRecord['tools'][number]

/** Of lists with the newest first, each against the one before it; the first that was ever seen has nothing to differ from. */
export function toolChanges(lists: readonly ToolListRecord[]): ToolChange[] {
  return lists.flatMap((list, index) => {
    const earlier = lists[index + 1]
    return earlier === undefined ? [] : [changeBetween(earlier, list)]
  })
}

export function changeBetween(
  earlier: Pick<ToolListRecord, 'tools'>,
  later: Pick<ToolListRecord, 'seenAt' | 'tools'>,
): ToolChange {
  const [before, after] = [byName(earlier.tools), byName(later.tools)]
  const kept = [...after].flatMap(([name, tool]) => {
    const former = before.get(name)
    return former === undefined ? [] : [{ name, lines: diffLines(linesOf(former), linesOf(tool)) }]
  })
  return {
    seenAt: later.seenAt,
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: kept.filter(({ lines }) => lines.some(({ kind }) => kind !== 'same')),
  }
}

function byName(tools: readonly Tool[]): Map<string, Tool> {
  return new Map(tools.map((tool) => [tool.name, tool]))
}

/** Members in one order, whatever order they came in. */
function linesOf(tool: Tool): string[] {
  const sorted = JSON.stringify(
    tool,
    (_, member: unknown) => {
      if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
      return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
    },
    2,
  )
  return sorted
    .split('\n')
    .map((line) => (line.length > maximumLine ? `${line.slice(0, maximumLine)}…` : line))
}

const maximumLine = 400
/** The table below has a place for each pair of lines; a longer definition is told as all new. */
const maximumLines = 400

/** The longest common subsequence stays; around it the old lines go and the new ones come. */
function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  if (before.join('\n') === after.join('\n')) return []
  if (before.length > maximumLines || after.length > maximumLines) {
    const kept = (lines: readonly string[]): readonly string[] => lines.slice(0, maximumLines)
    return [
      ...kept(before).map((text) => ({ kind: 'removed', text }) as const),
      ...kept(after).map((text) => ({ kind: 'added', text }) as const),
    ]
  }
  const common = commonLengths(before, after)
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    if (i < before.length && before[i] === after[j]) {
      lines.push({ kind: 'same', text: before[i] ?? '' })
      i++
      j++
    } else if (i < before.length && (j >= after.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: 'removed', text: before[i++] ?? '' })
    } else {
      lines.push({ kind: 'added', text: after[j++] ?? '' })
    }
  }
  return withoutFarLines(lines)
}

/** At `[i][j]` how many lines the ends of both from there on have in common. */
function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0))
  for (let i = before.length - 1; i >= 0; i--) {
    const [row, below] = [lengths[i] ?? [], lengths[i + 1] ?? []]
    for (let j = after.length - 1; j >= 0; j--) {
      row[j] = before[i] === after[j] ? 1 + (below[j + 1] ?? 0) : Math.max(below[j] ?? 0, row[j + 1] ?? 0)
    }
  }
  return lengths
}

/** Unchanged lines on each side that say where a change is. */
const context = 2

function withoutFarLines(lines: readonly DiffLine[]): DiffLine[] {
  return lines.filter((_, index) => {
    const near = lines.slice(Math.max(0, index - context), index + context + 1)
    return near.some(({ kind }) => kind !== 'same')
  })
}
