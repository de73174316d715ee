// What is tried of each pair of client and server, and what no gateway could bring about.

import { setTimeout as pause } from 'node:timers/promises'
import type { EraClient, Generation } from './clients.ts'
import type { Kind } from './upstreams.ts'

/** Throws unless it works. `patienceMs` is for what only becomes true. */
type Feature = (client: EraClient, patienceMs: number) => Promise<void>

export const featureNames = [
  'tools',
  'prompts',
  'resources',
  'progress',
  'cancellation',
  'elicitation',
  'sampling',
  'roots',
  'logging',
  'list changes',
  'resource updates',
  'errors',
] as const
export type FeatureName = (typeof featureNames)[number]

export const features: Readonly<Record<FeatureName, Feature>> = {
  async tools(client) {
    const { tools } = await client.listTools()
    holds(tools.some(({ name }) => name === 'echo'))
    const answer = (await client.callTool('echo', { text: 'hi' })) as Record<string, unknown>
    holds(textOf(answer) === 'hi')
    holds(JSON.stringify(answer.structuredContent) === '{"text":"hi"}')
    holds(JSON.stringify(answer._meta).includes('"example.com/also":1'))
  },
  async prompts(client) {
    const { messages } = await client.getPrompt('greet', { name: 'Ada' })
    holds((messages[0]?.content as { text?: string } | undefined)?.text === 'Hello Ada')
  },
  async resources(client) {
    const { contents } = await client.readResource('note://7')
    holds((contents[0] as { text?: string } | undefined)?.text === 'the note 7')
  },
  async progress(client) {
    const heard: number[] = []
    const onprogress = ({ progress }: { progress: number }): void => void heard.push(progress)
    await client.callTool('count', { to: 3 }, { onprogress })
    holds(heard.join() === '1,2,3')
  },
  async cancellation(client, patienceMs) {
    const before = await cancelled(client)
    const aborter = new AbortController()
    const waiting = client.callTool('wait', {}, { signal: aborter.signal }).then(
      () => 'answered',
      () => 'rejected',
    )
    await client.callTool('echo', { text: 'the other is under way' })
    aborter.abort('enough')
    holds((await waiting) === 'rejected')
    await comes(async () => (await cancelled(client)) > before, patienceMs)
  },
  async elicitation(client) {
    holds(textOf(await client.callTool('ask')) === 'accept {"name":"Ada"}')
    holds(textOf(await client.callTool('ask-twice')) === 'Ada and Ada')
  },
  async sampling(client) {
    holds(textOf(await client.callTool('sample')) === 'a test')
  },
  async roots(client) {
    holds(textOf(await client.callTool('roots')) === 'file:///one file:///two')
  },
  async logging(client) {
    await client.setLogLevel('warning')
    await client.callTool('log')
    holds(client.heard.logged.includes('a warning'))
  },
  async 'list changes'(client, patienceMs) {
    await client.watch('note://1')
    await comes(async () => {
      await client.callTool('grow')
      return client.heard.toolsChanged > 0
    }, patienceMs)
  },
  async 'resource updates'(client, patienceMs) {
    await client.watch('note://1')
    await comes(async () => {
      await client.callTool('touch')
      return client.heard.updated.includes('note://1')
    }, patienceMs)
  },
  async errors(client) {
    const failed = (await client.callTool('fail')) as { isError?: boolean }
    holds(failed.isError === true)
    const isModern = client.negotiated() === '2026-07-28'
    holds((await codeOf(client.readResource('note://none'))) === (isModern ? -32602 : -32002))
    holds((await codeOf(client.getPrompt('no-such-prompt', {}))) === -32602)
  },
}

export interface Limit {
  generations?: readonly Generation[]
  kinds?: readonly Kind[]
  features: readonly FeatureName[]
  /** Where the standard says why. */
  source: string
  sentence: string
  meaning: string
}

export const limits: readonly Limit[] = [
  {
    generations: ['2024-11-05', '2025-03-26'],
    features: ['elicitation'],
    source: '2025-06-18, client/elicitation',
    sentence: 'Elicitation is newly introduced in this version of the MCP specification',
    meaning: 'A client of an earlier revision has no way to be asked; the tool is told that it cannot ask.',
  },
  {
    kinds: ['Streamable HTTP, no sessions'],
    features: ['elicitation', 'sampling', 'roots'],
    source: '2025-11-25, basic/lifecycle, operation',
    sentence: 'Only use capabilities that were successfully negotiated',
    meaning:
      'Without a session each request meets a server that has negotiated nothing: it knows of no client that it could ask.',
  },
  {
    kinds: ['Streamable HTTP, no sessions'],
    features: ['cancellation', 'list changes', 'resource updates'],
    source: '2025-11-25, basic/transports, session management',
    sentence:
      'An MCP "session" consists of logically related interactions between a client and a server, beginning with the initialization phase.',
    meaning:
      'Without one nothing relates a cancellation to the call, or a subscription to the change: each reaches another server.',
  },
]

export function limitOf(generation: Generation, kind: Kind, feature: FeatureName): Limit | undefined {
  return limits.find(
    (limit) =>
      limit.features.includes(feature) &&
      (limit.generations?.includes(generation) ?? true) &&
      (limit.kinds?.includes(kind) ?? true),
  )
}

async function cancelled(client: EraClient): Promise<number> {
  return JSON.parse(textOf(await client.callTool('seen')) ?? '').cancelled
}

async function comes(test: () => Promise<boolean>, patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await test())) {
    holds(performance.now() < deadline)
    await pause(10)
  }
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: { code?: unknown }) => error.code,
  )
}

function textOf(result: unknown): string | undefined {
  return (result as { content?: { text?: string }[] }).content?.[0]?.text
}

function holds(isTrue: boolean): void {
  if (!isTrue) throw new Error('it is otherwise')
}
