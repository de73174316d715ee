/** Links by which a client adds a connector with its name and address filled in, where it has such links. */

import { connectorSlug } from './steps.ts'

export interface AddedConnector {
  name: string
  url: string
}

/** Opens the dialog of claude.ai, which Desktop shares; nothing is added before the person presses Add (observed 2026-05, claude-ai-mcp#74). */
export function claudeAddLink({ name, url }: AddedConnector): string {
  const query = new URLSearchParams({ modal: 'add-custom-connector', connectorName: name, connectorUrl: url })
  return `https://claude.ai/customize/connectors?${query}`
}

/** Cursor asks before it installs (its documentation of install links, 2026). */
export function cursorAddLink({ name, url }: AddedConnector): string {
  const config = btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify({ url }))))
  const query = new URLSearchParams({ name: connectorSlug(name), config })
  return `cursor://anysphere.cursor-deeplink/mcp/install?${query}`
}

/** VS Code asks too (its MCP developer guide, 2026). */
export function vscodeAddLink({ name, url }: AddedConnector): string {
  return `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name: connectorSlug(name), type: 'http', url }))}`
}
