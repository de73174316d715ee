/** What access logs tell of attempts to connect: read, gathered, and each told as a story with its likely cause. */

import { agentName } from '../../connections/agent.ts'
import { milestoneNames } from '../../connections/step.ts'
import { type Story, type StoryBook, tellStory } from '../../connections/story.ts'
import type { ConnectionRecord } from '../../storage/storage.ts'
import type { AttemptReport } from '../../ui/console/reports.ts'
import { gatherAttempts } from './attempts.ts'
import { loggedDiagnoses } from './diagnoses.ts'
import { type LogRead, readLog } from './reading.ts'
import { loggedStepWords } from './sighting.ts'

export interface LogReport extends Omit<LogRead, 'requests'> {
  /** Where the MCP endpoint is taken to be. */
  mcpPath: string | undefined
  /** The latest first. */
  attempts: readonly AttemptReport[]
}

const book: StoryBook = { diagnoses: loggedDiagnoses, words: loggedStepWords }

/** Several logs are read as one: of the MCP server, and of the authorization server at another host. */
export async function explainLogs(
  logs: readonly AsyncIterable<Uint8Array>[],
  { mcpPath: typedPath, now }: { mcpPath: string | undefined; now: number },
): Promise<LogReport> {
  const reads: LogRead[] = []
  for (const log of logs) reads.push(await readLog(log))
  const requests = reads.flatMap((read) => read.requests).toSorted((left, right) => left.at - right.at)
  const { attempts, mcpPath } = gatherAttempts(requests, typedPath)
  const sum = (countOf: (read: LogRead) => number): number =>
    reads.reduce((total, read) => total + countOf(read), 0)
  return {
    formats: [...new Set(reads.flatMap(({ formats }) => formats))],
    lines: sum(({ lines }) => lines),
    unreadable: sum(({ unreadable }) => unreadable),
    isCut: reads.some(({ isCut }) => isCut),
    mcpPath,
    attempts: attempts
      .filter(isOfClient)
      .map((attempt) => reportOf(attempt, tellStory(attempt, now, book)))
      .toReversed(),
  }
}

const namedClients: readonly unknown[] = ['claude', 'claude-code', 'chatgpt', 'vscode', 'cursor', 'codex']

/** Scanners and monitors read metadata too; a client knocks, registers or signs in. */
function isOfClient({ agent, steps }: ConnectionRecord): boolean {
  return namedClients.includes(agent) || steps.some(({ name }) => name !== 'discovered' && name !== 'missed')
}

function reportOf(attempt: ConnectionRecord, story: Story): AttemptReport {
  const { diagnosis, reached } = story
  return {
    id: story.connectionId,
    client: story.client,
    agent: agentName(attempt.agent),
    person: undefined,
    connector: attempt.connector,
    state: story.state,
    reached: reached && milestoneNames[reached],
    startedAt: story.startedAt,
    lastAt: story.lastAt,
    seen: diagnosis?.seen,
    clientId: undefined,
    redirectHost: attempt.redirectHost,
    grantId: undefined,
    lastStep: story.lastStep,
    timeline: story.timeline.map(({ detail: _, name: __, ...step }) => ({
      ...step,
      words: withStatus(step.words, step.status),
    })),
    diagnosis: diagnosis && withoutRule(diagnosis),
  }
}

/** A person compares with the lines of the log. */
function withStatus(words: string, status: number | undefined): string {
  return status === undefined || words.includes(`(${status})`) ? words : `${words} (${status})`
}

function withoutRule({
  cause,
  fix,
  id,
  rows,
  seen,
  shown,
  sources,
}: NonNullable<Story['diagnosis']>): AttemptReport['diagnosis'] {
  return { id, rows, seen, shown, cause, fix, sources }
}
