/** Tool lists: what each connector offered, and when that changed. */

export interface ToolListRecord {
  /** Its path. */
  connector: string
  seenAt: number
  /** As the MCP server wrote them: name, description, schemas, annotations. */
  tools: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[]
}

export interface ToolListStorage {
  /**
   * Keeps the list unless it says the same as the newest of its connector, in whatever order; true where it was kept.
   * Of each connector the newest 20 stay.
   */
  noteToolList(list: ToolListRecord): Promise<boolean>
  listToolLists(connector: string, limit: number): Promise<ToolListRecord[]>
}
