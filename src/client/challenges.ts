/** What is done when the server asks who is there, or wants more than the token allows: refresh, sign in, step up, or stop. */

import { ConnectFailure } from './connect-failure.ts'
import { Challenged, SessionLost } from './mcp-errors.ts'
import type { Run } from './run.ts'
import { refresh, signIn } from './sign-in.ts'

/** Does something with the server; where it answers 401 or 403, does what the surface does then, and tries again. */
export async function authorized<T>(run: Run, action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (error instanceof SessionLost) await reopenAfterLoss(run)
      else if (error instanceof Challenged) await answerChallenge(run, error)
      else throw error
    }
  }
}

/** A server that loses every session would be opened for ever. */
const maximumSessionsLost = 2

async function reopenAfterLoss(run: Run): Promise<void> {
  run.sessionsLost += 1
  if (run.flow.surface.mcp.sessionLost === 'stop' || run.sessionsLost > maximumSessionsLost) {
    throw new ConnectFailure(
      'protocol',
      'the server answers 404 for the session that it opened, and this client does not open another',
    )
  }
  run.session = undefined
}

async function answerChallenge(run: Run, challenged: Challenged): Promise<void> {
  const { flow } = run
  // A 403 asks for more than was first asked for; what to begin with stays what the 401 said.
  if (challenged.status === 401) flow.lastChallenge = challenged.challenge ?? flow.lastChallenge
  if (challenged.status === 403) await answerForbidden(run, challenged)
  else if (!challenged.hadToken) await signIn(flow)
  else await answerRejection(run)
  if (flow.surface.refresh.afterwards === 'reconnect') {
    await run.session?.close().catch(() => undefined)
    run.session = undefined
  }
}

/** 401 for a token: refresh, within the surface's patience; then a person, unless one has just signed in. */
async function answerRejection(run: Run): Promise<void> {
  const { flow } = run
  run.rejections += 1
  if (run.rejections <= flow.surface.refresh.attempts && flow.memory.tokens?.refreshToken !== undefined) {
    await refresh(flow)
    return
  }
  if (flow.signIns > 0 && !run.isAccepted) {
    throw new ConnectFailure(
      'sign-in',
      'the sign-in went well, but the server does not accept the token it led to',
    )
  }
  flow.memory.tokens = undefined
  await flow.remember()
}

async function answerForbidden(run: Run, challenged: Challenged): Promise<void> {
  const { flow } = run
  const rules = flow.surface.challenges
  if (challenged.challenge?.error === 'insufficient_scope' && rules.stepUpScope !== 'none') {
    flow.memory.stepUpScope = challenged.challenge.scope
    await signIn(flow)
    return
  }
  if (rules.otherForbidden === 'sign-in' && flow.signIns === 0 && run.session === undefined) {
    await signIn(flow)
    return
  }
  throw new ConnectFailure('sign-in', `the server refuses with ${challenged.message}`)
}

/** The token, refreshed ahead of its end where the surface does that. */
export async function currentToken(run: Run): Promise<string | undefined> {
  const { flow } = run
  const tokens = flow.memory.tokens
  const { aheadSeconds } = flow.surface.refresh
  if (tokens?.expiresAt !== undefined && tokens.refreshToken !== undefined && aheadSeconds > 0) {
    if (tokens.expiresAt - flow.clock() <= aheadSeconds) await refresh(flow)
  }
  return flow.memory.tokens?.accessToken
}
