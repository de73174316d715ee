/** What a client does when its connector is removed, as data with its source. */

import type { Evidence, Surface } from '../client/surface.ts'

export interface Removal extends Evidence {
  /** Over removal, for the whole domain of the server. */
  keepsClient: boolean
  revokes: boolean
  says: string
}

export function removalOf({ challenges, name }: Surface): Removal {
  if (name === 'claude-hosted-2025') return keepsClient
  return challenges.revocation === undefined ? forgetsAll : revokesFirst
}

const keepsClient: Removal = {
  keepsClient: true,
  revokes: false,
  says: 'Removing it forgets the tokens. The client id stays with the domain of the server, and is used again.',
  source: 'https://github.com/losvedir/remote_mcp_auth',
  observedAt: '2025-07',
}
const forgetsAll: Removal = {
  keepsClient: false,
  revokes: false,
  says: 'Removing it forgets tokens and client id without a word to the server. Adding it again registers anew.',
  source: 'https://github.com/anthropics/claude-ai-mcp/issues/350',
  observedAt: '2026-06',
}
const revokesFirst: Removal = {
  keepsClient: false,
  revokes: true,
  says: 'Removing it revokes the tokens at the server, then forgets them and the client id.',
  source: 'recorded',
  observedAt: '2026-11',
}
