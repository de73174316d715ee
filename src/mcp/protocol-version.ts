/** The revisions of MCP, and the two eras they fall into (MCP 2026-07-28, versioning). */

/** Handshake revisions, newest first. 2024-10-07 was never released but is still asked for by SDKs. */
export const legacyVersions: readonly string[] = [
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
]

/** Stateless revisions, newest first. */
export const modernVersions: readonly string[] = ['2026-07-28']

export const newestLegacyVersion = '2025-11-25'
export const newestModernVersion = '2026-07-28'

/** What a request without a version header means when nothing else tells (MCP 2025-06-18, protocol version header). */
export const assumedVersion = '2025-03-26'

export type Era = 'legacy' | 'modern'

export function isLegacyVersion(version: string): boolean {
  return legacyVersions.includes(version)
}

export function isModernVersion(version: string): boolean {
  return modernVersions.includes(version)
}

/** The member of `params._meta` whose presence makes a request modern; the header alone never does. */
export const protocolVersionMeta = 'io.modelcontextprotocol/protocolVersion'
export const clientInfoMeta = 'io.modelcontextprotocol/clientInfo'
export const clientCapabilitiesMeta = 'io.modelcontextprotocol/clientCapabilities'
/** A modern request asks for `notifications/message` by naming a level (MCP 2026-07-28, logging). */
export const logLevelMeta = 'io.modelcontextprotocol/logLevel'
/** Of a modern result. */
export const serverInfoMeta = 'io.modelcontextprotocol/serverInfo'
/** Names the listen request that a notification belongs to (MCP 2026-07-28, subscriptions). */
export const subscriptionIdMeta = 'io.modelcontextprotocol/subscriptionId'
