/** Usage: which tools a connection has used, and how much is going on. */

export interface ToolUse {
  grantId: string
  tool: string
  calls: number
  firstAt: number
  lastAt: number
}

/** How often something happened at a connector within one hour. */
export interface HourCount {
  /** The beginning of the hour. */
  hourAt: number
  connector: string
  /** One of a closed set of words. */
  measure: string
  count: number
}

export interface UsageStorage {
  /**
   * Adds to what is stored, in one step. Uses of a grant that is not there are left out, and so are further tools of a
   * grant that has 100 already: a client may call by any name.
   */
  recordUsage(uses: readonly ToolUse[], counts: readonly HourCount[]): Promise<void>
  /** Those used last come first. */
  listToolUses(grantId: string): Promise<ToolUse[]>
  /** From the hour that begins at `since` on, in order of time. They go after 35 days. */
  listHourCounts(since: number): Promise<HourCount[]>
}
