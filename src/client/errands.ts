/** What a connection is for: the lists, the calls, the readings, and all of it once more after a refresh. */

import { jsonRpcCodes } from '../mcp/json-rpc.ts'
import type { Problem } from '../oauth/errors.ts'
import { authorized } from './challenges.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { Listed, ToolCall } from './connector.ts'
import { RpcFailure } from './mcp-errors.ts'
import type { McpSession } from './mcp-session.ts'
import { freshRemarks, openSession } from './opening.ts'
import { inStep, type Run } from './run.ts'
import { refresh } from './sign-in.ts'
import type { OpenStep, StepName } from './transcript.ts'

/** More pages than this are a server that never comes to an end. */
const maximumPages = 50

const lists = [
  { method: 'tools/list', member: 'tools', capability: 'tools' },
  { method: 'prompts/list', member: 'prompts', capability: 'prompts' },
  { method: 'resources/list', member: 'resources', capability: 'resources' },
] as const

export async function listAll(run: Run): Promise<void> {
  await inAuthorizedStep(run, 'lists', 'List tools, prompts and resources', async (step, session) => {
    const rules = run.flow.surface.mcp
    if (rules.needsSessionId && !session.hasSession) {
      throw new ConnectFailure(
        'protocol',
        'this client lists nothing until the server gives an Mcp-Session-Id',
      )
    }
    const problems: Problem[] = []
    for (const { method, member, capability } of lists) {
      if (rules.lists === 'declared' && !(capability in session.capabilities)) continue
      if (rules.lists === 'tools' && member !== 'tools') continue
      run.found[member] = await listPages(session, method, member).catch((error: unknown) => {
        if (!(error instanceof RpcFailure) || member === 'tools') throw error
        // Asked for without having been declared: not having it is an answer.
        if (error.code === jsonRpcCodes.methodNotFound) return []
        problems.push({
          code: 'invalid_request',
          at: method,
          says: error.message,
          standard: 'MCP, pagination',
        })
        return []
      })
    }
    const { tools, prompts, resources } = run.found
    const counts = [counted(tools, 'tool'), counted(prompts, 'prompt'), counted(resources, 'resource')]
    step.passed(counts.join(', '), [...problems, ...freshRemarks(run)])
  })
}

async function listPages(session: McpSession, method: string, member: string): Promise<Listed[]> {
  const items: Listed[] = []
  let cursor: string | undefined
  for (let page = 0; page < maximumPages; page++) {
    const result = await session.request(method, cursor === undefined ? {} : { cursor })
    const listed = result[member]
    if (!Array.isArray(listed))
      throw new ConnectFailure('protocol', `${method} was answered without ${member}`)
    items.push(...(listed as Listed[]))
    if (typeof result.nextCursor !== 'string') return items
    cursor = result.nextCursor
  }
  throw new ConnectFailure('protocol', `${method} has more than ${maximumPages} pages`)
}

export async function doErrands(run: Run): Promise<void> {
  const { options, found } = run
  const calls = [...(options.calls ?? []), ...(options.chooseCalls?.(found.tools) ?? [])]
  for (const call of calls) await callTool(run, call)
  for (const uri of options.reads ?? []) await readResource(run, uri)
}

async function callTool(run: Run, call: ToolCall): Promise<void> {
  await inAuthorizedStep(run, 'call', `Call ${call.name}`, async (step, session) => {
    const { toolSeconds } = run.flow.surface.deadlines
    const result = await session
      .request('tools/call', { name: call.name, arguments: call.arguments }, toolSeconds)
      .catch(asToolFailure)
    run.found.calls.push({ name: call.name, result })
    if (result.isError === true) throw new ConnectFailure('tool', `${call.name} reported an error`)
    step.passed(describeContent(result.content))
  })
}

async function readResource(run: Run, uri: string): Promise<void> {
  await inAuthorizedStep(run, 'read', `Read ${uri}`, async (step, session) => {
    const result = await session.request('resources/read', { uri }).catch(asToolFailure)
    run.found.reads.push({ uri, result })
    step.passed(describeContent(result.contents))
  })
}

function asToolFailure(error: unknown): never {
  if (error instanceof RpcFailure) throw new ConnectFailure('tool', error.message, { cause: error })
  throw error
}

function describeContent(content: unknown): string {
  return `answered with ${counted(Array.isArray(content) ? content : [], 'part')}`
}

function counted(items: readonly unknown[], noun: string): string {
  return `${items.length} ${noun}${items.length === 1 ? '' : 's'}`
}

export async function refreshAndRepeat(run: Run): Promise<void> {
  const { flow, options } = run
  if (flow.memory.tokens === undefined) {
    flow.transcript.step('refresh', 'Refresh the token').skipped('the server asked for no token')
    return
  }
  if (!(await refresh(flow))) throw new ConnectFailure('sign-in', 'the token could not be refreshed')
  const again = (options.calls ?? []).length + (options.reads ?? []).length
  if (again > 0) await doErrands(run)
  else await listAll(run)
}

/** A step that may be interrupted by a sign-in, and is then begun once more. */
function inAuthorizedStep(
  run: Run,
  name: StepName,
  title: string,
  action: (step: OpenStep, session: McpSession) => Promise<void>,
): Promise<void> {
  return authorized(run, async () => {
    const session = await openSession(run)
    const step = run.flow.transcript.step(name, title)
    await inStep(step, () => action(step, session))
    run.rejections = 0
    run.isAccepted = true
  })
}
