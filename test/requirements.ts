/** Every requirement that Postern answers to, as data: tests cite the ids, and `npm run requirements` counts them. */

import { authorizationRequirements } from './requirements/authorization.ts'
import { claudeClientsRequirements } from './requirements/claude-clients.ts'
import { httpTransportRequirements } from './requirements/http-transport.ts'
import { oauthRequirements } from './requirements/oauth.ts'
import { oneUrlRequirements } from './requirements/one-url.ts'
import { realClientsRequirements } from './requirements/real-clients.ts'
import type { Requirement } from './requirements/requirement.ts'
import { securityRulesRequirements } from './requirements/security-rules.ts'

export type { Requirement } from './requirements/requirement.ts'

export const requirements: readonly Requirement[] = [
  ...httpTransportRequirements,
  ...authorizationRequirements,
  ...oauthRequirements,
  ...oneUrlRequirements,
  ...claudeClientsRequirements,
  ...realClientsRequirements,
  ...securityRulesRequirements,
]

/** `HTTP-2025-11-25-03` is of the group `HTTP-2025-11-25`. */
export function groupOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'))
}
