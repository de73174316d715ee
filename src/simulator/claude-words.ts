/** What Claude shows a person when a connection comes to nothing, by the step at which it did. */

import type { Surface } from '../client/surface.ts'
import type { TranscriptStep } from '../client/transcript.ts'
import {
  exchangeFailed,
  expired,
  noClientId,
  noRegistration,
  noTools,
  notFound,
  rejected,
  serverError,
  signInFailed,
  unreachable,
} from '../connections/claude-shows.ts'

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
      return unreachable
    case 'registration':
      return failed.exchanges.length === 0 ? noClientId : noRegistration
    case 'authorization':
      return signInFailed
    case 'token':
      return exchangeFailed
    case 'session':
      return sessionWords(failed.exchanges.at(-1)?.status)
    case 'lists':
      return noTools
    case 'refresh':
      return expired
    default:
      return undefined
  }
}

function sessionWords(status: number | undefined): string {
  if (status === 401 || status === 403) return rejected
  return status === 404 ? notFound : serverError
}
