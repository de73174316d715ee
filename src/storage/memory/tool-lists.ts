/** Lists of tools in memory. */

import { maximumToolLists } from '../limits.ts'
import type { ToolListStorage } from '../storage.ts'
import { toolListHash } from '../tool-list-rule.ts'
import type { Held } from './held.ts'

export function memoryToolLists({ toolLists: lists }: Held): ToolListStorage {
  return {
    async noteToolList(list) {
      const known = lists.get(list.connector) ?? []
      const [newest] = known
      if (newest !== undefined && toolListHash(newest.tools) === toolListHash(list.tools)) return false
      lists.set(list.connector, [structuredClone(list), ...known].slice(0, maximumToolLists))
      return true
    },
    async listToolLists(connector, limit) {
      return structuredClone((lists.get(connector) ?? []).slice(0, limit))
    },
  }
}
