/** Which tools were used, and what happened in each hour, in memory. */

import { maximumToolsOfGrant } from '../limits.ts'
import type { ToolUse, UsageStorage } from '../storage.ts'
import type { Held } from './held.ts'

export function memoryUsage({ families, toolUses: tools, hourCounts: counts }: Held): UsageStorage {
  function add(use: ToolUse): void {
    if (!families.has(use.grantId)) return
    const ofGrant = tools.get(use.grantId) ?? new Map<string, ToolUse>()
    tools.set(use.grantId, ofGrant)
    const standing = ofGrant.get(use.tool)
    if (standing === undefined) {
      if (ofGrant.size < maximumToolsOfGrant) ofGrant.set(use.tool, { ...use })
      return
    }
    standing.calls += use.calls
    standing.firstAt = Math.min(standing.firstAt, use.firstAt)
    standing.lastAt = Math.max(standing.lastAt, use.lastAt)
  }
  return {
    async recordUsage(uses, added) {
      for (const use of uses) add(use)
      for (const one of added) {
        const key = JSON.stringify([one.hourAt, one.connector, one.measure])
        const standing = counts.get(key)
        if (standing === undefined) counts.set(key, { ...one })
        else standing.count += one.count
      }
    },
    async listToolUses(grantId) {
      const uses = [...(tools.get(grantId)?.values() ?? [])]
      return uses.sort((a, b) => b.lastAt - a.lastAt || (a.tool < b.tool ? -1 : 1)).map((use) => ({ ...use }))
    },
    async listHourCounts(since) {
      const found = [...counts.values()].filter(({ hourAt }) => hourAt >= since)
      return found.sort((a, b) => a.hourAt - b.hourAt).map((one) => ({ ...one }))
    },
  }
}
