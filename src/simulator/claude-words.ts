/** What Claude shows a person when a connection comes to nothing, by the step at which it did. */

import type { Surface } from '../client/surface.ts'
import type { TranscriptStep } from '../client/transcript.ts'

/** Undefined where no text is known: for other clients, and for what the person did. */
export function claudeWords(
  surface: Surface,
  steps: readonly Pick<TranscriptStep, 'name' | 'verdict' | 'exchanges'>[],
): string | undefined {
  if (!surface.name.startsWith('claude-hosted')) return undefined
  const failed = steps.findLast(({ verdict }) => verdict === 'failed')
  switch (failed?.name) {
    case 'probe':
    case 'discovery':
      return '“Couldn’t reach the MCP server” (step=start_error)'
    case 'registration':
      return failed.exchanges.length === 0
        ? '“Automatic client registration isn’t supported by …”'
        : '“Couldn’t register with …’s sign-in service”'
    case 'authorization':
      return '“Authorization with the MCP server failed” (step=end_error)'
    case 'token':
      return 'error_code=mcp_token_exchange_failed'
    case 'session':
      return sessionWords(failed.exchanges.at(-1)?.status)
    case 'lists':
      return '“This connector has no tools available”'
    case 'refresh':
      return '“Connection has expired”'
    default:
      return undefined
  }
}

function sessionWords(status: number | undefined): string {
  if (status === 401 || status === 403)
    return '“Your account was authorized but the integration rejected the credentials” (oauth_error=McpAuthorizationError)'
  if (status === 404) return '“… authorized … no MCP server was found at the provided URL”'
  return '“… returned an error when connecting” (McpServerError)'
}
