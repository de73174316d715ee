/** Whether this process lives, and whether it can serve: two questions of whoever runs it, with two answers. */

import { jsonAnswer } from '../authorization-server/json-answer.ts'

export const healthPath = '/healthz'
export const readyPath = '/readyz'

/** Longer than a database that is well needs for a look, shorter than the patience of who asks. */
const lookDeadlineMs = 2_000

export interface ReadyQuestions {
  /** Rejects where the records cannot be read. */
  lookAtStorage(): Promise<unknown>
  /** It was asked to stop, and answers what is still under way. */
  isClosing(): boolean
}

/** Says nothing but that the process answers: a restart is the only cure for one that does not. */
export function health(): Response {
  return jsonAnswer(200, { status: 'ok' })
}

/** Whether requests should be sent here. An MCP server that is down is told to its callers, and takes no other out of service. */
export async function readiness({ lookAtStorage, isClosing }: ReadyQuestions): Promise<Response> {
  const storage = await within(lookDeadlineMs, lookAtStorage())
  const isReady = storage === 'ok' && !isClosing()
  const checks = { storage, closing: isClosing() }
  return jsonAnswer(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', checks })
}

/** Without the reason, which may tell of the inside; the log has it. */
async function within(deadlineMs: number, look: Promise<unknown>): Promise<'ok' | 'unreachable' | 'slow'> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<'slow'>((resolve) => {
    timer = setTimeout(resolve, deadlineMs, 'slow')
  })
  const seen = look.then(
    () => 'ok' as const,
    () => 'unreachable' as const,
  )
  try {
    return await Promise.race([seen, late])
  } finally {
    clearTimeout(timer)
  }
}
