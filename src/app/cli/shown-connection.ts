/** One connection as the command line shows it: what is stored, told as a story, with the name of the person; and the words and widths for it. */

import type { Diagnosis } from '../../connections/diagnosis.ts'
import { type Story, type StoryState, tellStory } from '../../connections/story.ts'
import { systemClock } from '../../platform/clock.ts'
import { maximumConnections } from '../../storage/limits.ts'
import type { Storage, StoredConnection } from '../../storage/storage.ts'
import { maximumRows } from './management.ts'
import { printable, type Style } from './terminal.ts'

export interface Shown {
  connection: StoredConnection
  story: Story
  person: string | undefined
}

export async function findShown(
  storage: Storage,
  filter: { recordedSince?: number },
  withVisits: boolean,
): Promise<Shown[]> {
  const now = systemClock()
  const names = new Map((await storage.listUsers(maximumRows)).map((user) => [user.userId, user.username]))
  const found = await storage.listConnections(filter, maximumConnections)
  return found
    .map((connection) => ({
      connection,
      story: tellStory(connection, now),
      person: connection.userId === undefined ? undefined : (names.get(connection.userId) ?? '(removed)'),
    }))
    .filter(({ story }) => withVisits || story.state !== 'looked')
}

export function asJson({ connection, story, person }: Shown): Record<string, unknown> {
  const { connector, agent, clientId, userId, grantId, redirectHost, joined } = connection
  const { diagnosis, ...told } = story
  return {
    ...told,
    ...{ agent, clientId, connector, redirectHost, userId, person, grantId, joined },
    diagnosis: diagnosis === undefined ? null : withoutRule(diagnosis),
  }
}

function withoutRule({ fits: _, isTrouble: __, ...words }: Diagnosis): Omit<Diagnosis, 'fits' | 'isTrouble'> {
  return words
}

export const stateNames: Readonly<Record<StoryState, string>> = {
  'under-way': 'under way',
  waiting: 'waiting',
  connected: 'connected',
  stopped: 'stopped',
  troubled: 'trouble',
  ended: 'ended',
  looked: 'no attempt',
}

export const stateStyles: Readonly<Record<StoryState, Style>> = {
  'under-way': 'cyan',
  waiting: 'cyan',
  connected: 'green',
  stopped: 'red',
  troubled: 'yellow',
  ended: 'dim',
  looked: 'dim',
}

/** The part that is its own; what stands before the dot names the registration. */
export function shortId(connectionId: string): string {
  return connectionId.slice(connectionId.lastIndexOf('.') + 1)
}

export function age(at: number, now: number): string {
  const seconds = Math.max(0, now - at)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}

export function clip(text: string, characters: number): string {
  const plain = printable(text)
  return plain.length > characters ? `${plain.slice(0, characters - 1)}…` : plain
}

export function clockTime(at: number): string {
  return new Date(at * 1000).toTimeString().slice(0, 8)
}
