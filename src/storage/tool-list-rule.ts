/** When two lists of tools say the same: whatever order an MCP server gives its tools and their members in. */

import { encodeBase64Url, sha256 } from '../platform/crypto.ts'
import type { ToolListRecord } from './storage.ts'

export function toolListHash(tools: ToolListRecord['tools']): string {
  const texts = tools.map(canonical).sort()
  return encodeBase64Url(sha256(JSON.stringify(texts)))
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
