/** The story of one connection: how far it came, when, by whom, and why it stopped. Pure. */

import type { ConnectionRecord } from '../storage/storage.ts'
import { agentName } from './agent.ts'
import { type Diagnosis, diagnose, diagnoses } from './diagnosis.ts'
import { type Evidence, evidenceOf } from './evidence.ts'
import { type Milestone, stepWords } from './step.ts'

export interface Story {
  connectionId: string
  state: StoryState
  /** The client's own name, or what kind of program it is. */
  client: string
  reached: Milestone | undefined
  /** The last step that brought it forward, in words; of one that never began, what it did instead. */
  lastStep: string
  /** Why it stopped or fails; undefined while nothing is wrong. */
  diagnosis: Diagnosis | undefined
  startedAt: number
  lastAt: number
  timeline: readonly TimelineEntry[]
}

/**
 * `waiting`: for a person. `troubled`: it was connected, and something is wrong. `ended`: given back or declined.
 * `looked`: nobody who tries to connect, such as a browser, a monitor or a scanner.
 */
export type StoryState = 'under-way' | 'waiting' | 'connected' | 'stopped' | 'troubled' | 'ended' | 'looked'

export interface TimelineEntry {
  /** `discovered`, `token-refused`, …, and its kind. */
  name: string
  detail: string
  words: string
  at: number
  /** Since the start of the story. */
  afterSeconds: number
  count: number
  lastAt: number
  /** Not tied to this connection by an id, only by the kind of client and the time. */
  isInferred: boolean
  status: number | undefined
  errorId: string | undefined
  longestMs: number | undefined
}

/** Other books are for what was seen from elsewhere than this server, such as an access log. */
export interface StoryBook {
  diagnoses: readonly Diagnosis[]
  words(step: { name: string; detail: string }): string
}

const ownBook: StoryBook = { diagnoses, words: stepWords }

export function tellStory(connection: ConnectionRecord, now: number, book: StoryBook = ownBook): Story {
  const evidence = evidenceOf(connection, now)
  const diagnosis = diagnose(connection, now, book.diagnoses)
  const timeline = timelineOf(connection, book)
  return {
    connectionId: connection.connectionId,
    state: stateOf(evidence, diagnosis),
    client: connection.clientName ?? agentName(connection.agent),
    reached: evidence.reached,
    lastStep: lastStepOf(timeline, evidence.reached),
    diagnosis,
    startedAt: connection.startedAt,
    lastAt: connection.lastAt,
    timeline,
  }
}

function timelineOf({ steps, startedAt }: ConnectionRecord, { words }: StoryBook): TimelineEntry[] {
  return steps.map(({ firstAt, ...step }) => ({
    ...step,
    words: words(step),
    at: firstAt,
    afterSeconds: firstAt - startedAt,
  }))
}

function lastStepOf(timeline: readonly TimelineEntry[], reached: Milestone | undefined): string {
  const entry = timeline.findLast(({ name }) => name === reached) ?? timeline.at(-1)
  return entry?.words ?? 'nothing'
}

function stateOf(evidence: Evidence, diagnosis: Diagnosis | undefined): StoryState {
  const { has, reached } = evidence
  const isConnected = reached === 'called' || reached === 'refreshed'
  if (has('denied') && !has('token-issued')) return 'ended'
  if (diagnosis !== undefined) return isConnected && diagnosis.isTrouble ? 'troubled' : 'stopped'
  if (has('revoked')) return 'ended'
  if (isConnected) return 'connected'
  if (reached === 'authorization-requested' || reached === 'signed-in' || reached === 'consent-shown') {
    return 'waiting'
  }
  if (evidence.agent === 'claude-code' && reached === 'challenged') return 'waiting'
  // A client that is connected reads metadata again without being challenged, before it refreshes.
  if (reached === 'discovered' && !has('challenged')) return 'looked'
  if (evidence.quietSeconds < freshSeconds) return 'under-way'
  return reached === undefined || reached === 'challenged' || reached === 'discovered' ? 'looked' : 'stopped'
}

/** What has just happened is not yet over. */
const freshSeconds = 180
