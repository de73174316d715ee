/** Opening the MCP session: first without a token, to see what the server asks for, then with one. */

import type { Problem } from '../oauth/errors.ts'
import { authorized, currentToken } from './challenges.ts'
import type { Flow } from './flow.ts'
import { type McpSession, openMcpSession } from './mcp-session.ts'
import { inStep, type Run } from './run.ts'
import { answerServerRequest } from './server-requests.ts'
import { userAgentOf } from './surface.ts'
import type { StepName } from './transcript.ts'

/** Opens the session, signing in on the way if the server asks for it. */
export async function openSession(run: Run): Promise<McpSession> {
  return authorized(run, async () => {
    if (run.session !== undefined) return run.session
    const hasToken = run.flow.memory.tokens !== undefined
    const [name, title]: [StepName, string] = hasToken
      ? ['session', 'Open the MCP session']
      : ['probe', 'Knock without a token']
    const step = run.flow.transcript.step(name, title)
    const session = await inStep(step, () => openOnce(run))
    run.session = session
    run.remarksTold = 0
    if (hasToken) run.isAccepted = true
    run.found.session = {
      server: session.server,
      protocolVersion: session.protocolVersion,
      era: session.era,
      transport: session.transport,
      capabilities: session.capabilities,
    }
    const who = session.server.name ?? 'a server without a name'
    const free = hasToken ? '' : ', without asking for a token'
    step.passed(`${who} speaks MCP ${session.protocolVersion}${free}`, freshRemarks(run))
    return session
  })
}

/** What the session found odd since it was last asked. */
export function freshRemarks(run: Run): Problem[] {
  const remarks = run.session?.remarks ?? []
  const fresh = remarks.slice(run.remarksTold)
  run.remarksTold = remarks.length
  return fresh.map((says) => ({
    code: 'invalid_request',
    at: '',
    says,
    standard: 'MCP, transports and tools',
  }))
}

async function openOnce(run: Run): Promise<McpSession> {
  const { flow, options } = run
  const { surface } = flow
  if (surface.mcp.probesStream && flow.memory.tokens === undefined) {
    return openMcpSession(sessionOptions(run)).catch(async (error: unknown) => {
      await probeStream(flow)
      throw error
    })
  }
  return openMcpSession(sessionOptions(run))

  function sessionOptions(of: Run): Parameters<typeof openMcpSession>[0] {
    return {
      url: flow.serverUrl,
      rules: surface.mcp,
      wire: flow.wire,
      transport: options.transport ?? 'auto',
      userAgent: (hasToken) => userAgentOf(surface, hasToken ? 'mcp' : 'probe'),
      token: () => currentToken(of),
      requestSeconds: surface.deadlines.requestSeconds,
      answer: (method, params) => {
        return answerServerRequest(method, params, {
          capabilities: surface.mcp.capabilities,
          acceptElicitation: options.acceptElicitation === true,
        })
      },
    }
  }
}

/** Hosted Claude of 2025 asked for the stream as well, whatever the POST had answered. */
async function probeStream(flow: Flow): Promise<void> {
  const answer = await flow.wire
    .open(
      {
        method: 'GET',
        url: flow.serverUrl,
        headers: { Accept: 'text/event-stream', 'User-Agent': userAgentOf(flow.surface, 'probe') },
      },
      { deadlineSeconds: flow.surface.deadlines.requestSeconds, maximumBytes: 64 * 1024 },
    )
    .catch(() => undefined)
  answer?.close()
}
