/** Cases of the kit: connection stories grow without losing anything, join, and stay within their bounds. */

import { connectionKeptSeconds, maximumConnections, maximumStrangersConnections } from '../limits.ts'
import type { ConnectionRecord, ConnectionStep } from '../storage.ts'
import { expectEqual, expectFound, expectTrue, type StorageCase, times } from './expect.ts'
import { start } from './records.ts'

export function aStep(name: string, changes: Partial<ConnectionStep> = {}): ConnectionStep {
  return {
    name,
    detail: '',
    isInferred: false,
    count: 1,
    firstAt: start,
    lastAt: start,
    status: undefined,
    errorId: undefined,
    longestMs: undefined,
    ...changes,
  }
}

export function aConnection(connectionId: string, changes: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    connectionId,
    connector: undefined,
    agent: undefined,
    clientId: undefined,
    clientName: undefined,
    userId: undefined,
    grantId: undefined,
    redirectHost: undefined,
    isKnown: false,
    startedAt: start,
    lastAt: start,
    steps: [aStep('challenged')],
    joined: [],
    ...changes,
  }
}

export const connectionCases: readonly StorageCase[] = [
  {
    name: 'connections: what is recorded adds up: counts, first and last times, and who it is',
    async check(storage) {
      const first = aConnection('c', {
        clientId: 'client “one”',
        clientName: 'Claude',
        steps: [aStep('registered'), aStep('called', { count: 2, longestMs: 30, status: 200 })],
      })
      const second = aConnection('c', {
        clientName: 'Claude Code',
        userId: 'u',
        isKnown: true,
        startedAt: start + 5,
        lastAt: start + 9,
        steps: [
          aStep('called', {
            count: 3,
            firstAt: start + 5,
            lastAt: start + 9,
            longestMs: 20,
            status: 202,
            errorId: 'e',
          }),
          aStep('called', { detail: 'other', firstAt: start + 6, lastAt: start + 6 }),
        ],
      })
      await storage.recordConnections([first], start + 1)
      await storage.recordConnections([second], start + 10)
      expectEqual('record', await storage.findConnection('c'), {
        ...aConnection('c'),
        clientId: 'client “one”',
        clientName: 'Claude Code',
        userId: 'u',
        isKnown: true,
        lastAt: start + 9,
        recordedAt: start + 10,
        steps: [
          aStep('registered'),
          aStep('called', { count: 5, lastAt: start + 9, longestMs: 30, status: 202, errorId: 'e' }),
          aStep('called', { detail: 'other', firstAt: start + 6, lastAt: start + 6 }),
        ],
      })
      expectEqual('another', await storage.findConnection('d'), undefined)
    },
  },
  {
    name: 'connections: steps stand in the order of their first time, whenever they were recorded',
    async check(storage) {
      const step = (name: string, at: number) => aStep(name, { firstAt: start + at, lastAt: start + at })
      await storage.recordConnections([aConnection('c', { steps: [step('third', 3)] })], start)
      await storage.recordConnections(
        [aConnection('c', { steps: [step('first', 1), step('second', 3)] })],
        start,
      )
      const found = expectFound('record', await storage.findConnection('c'))
      expectEqual(
        'order',
        found.steps.map(({ name }) => name),
        ['first', 'third', 'second'],
      )
    },
  },
  {
    name: 'connections: a hundred records at the same time lose no count',
    async check(storage) {
      await Promise.all(
        times(100, (index) =>
          storage.recordConnections(
            [aConnection('c', { steps: [aStep('called', { lastAt: start + index })] })],
            start,
          ),
        ),
      )
      const found = expectFound('record', await storage.findConnection('c'))
      expectEqual('steps', found.steps, [aStep('called', { count: 100, lastAt: start + 99 })])
    },
  },
  {
    name: 'connections: one that turned out to be the beginning of another is taken in whole, and is gone',
    async check(storage) {
      await storage.recordConnections([aConnection('early', { agent: 'claude' })], start)
      const later = { startedAt: start + 2, lastAt: start + 2 }
      const registered = aStep('registered', { firstAt: start + 2, lastAt: start + 2 })
      const change = aConnection('c', { ...later, steps: [registered], joined: ['early', 'absent', 'c'] })
      await storage.recordConnections([change], start + 3)
      expectEqual('early', await storage.findConnection('early'), undefined)
      const found = expectFound('record', await storage.findConnection('c'))
      expectEqual('steps', found.steps, [aStep('challenged'), registered])
      expectEqual('agent', found.agent, 'claude')
      expectEqual('start', found.startedAt, start)
      expectTrue('it remembers its beginning', found.joined.includes('early'))

      const guess = aStep('challenged', { isInferred: true })
      await storage.recordConnections([aConnection('late', { steps: [guess] })], start + 4)
      await storage.recordConnections([aConnection('c', { joined: ['late'] })], start + 4)
      const again = expectFound('record', await storage.findConnection('c'))
      expectEqual(
        'steps once each',
        again.steps.map(({ name, isInferred, count }) => [name, isInferred, count]),
        [
          ['challenged', true, 1],
          ['challenged', false, 2],
          ['registered', false, 1],
        ],
      )
    },
  },
  {
    name: 'connections: what is recorded of a beginning after it was taken in is added to the one that took it',
    async check(storage) {
      await storage.recordConnections(
        [aConnection('c', { steps: [aStep('approved')], joined: ['early'] })],
        start,
      )
      const late = aConnection('early', { agent: 'claude', steps: [aStep('registered')] })
      await storage.recordConnections([late], start + 1)
      expectEqual('early', await storage.findConnection('early'), undefined)
      const found = expectFound('record', await storage.findConnection('c'))
      expectEqual('steps', found.steps.map(({ name }) => name).sort(), ['approved', 'registered'])
    },
  },
  {
    name: 'connections: of two that take the same beginning at once, one gets it',
    async check(storage) {
      for (const round of times(10, String)) {
        await storage.recordConnections([aConnection(`early ${round}`)], start)
        const ids = [`a${round}`, `b${round}`]
        await Promise.all(
          ids.map((id) =>
            storage.recordConnections([aConnection(id, { steps: [], joined: [`early ${round}`] })], start),
          ),
        )
        const found = await Promise.all(ids.map((id) => storage.findConnection(id)))
        expectEqual('steps', found.map((one) => one?.steps.length).sort(), [0, 1])
      }
    },
  },
  {
    name: 'connections: the list is by the last step, up to its limit, and can leave out what was written before',
    async check(storage) {
      for (const index of times(5, Number)) {
        const lastAt = start + (index === 1 ? 100 : index)
        await storage.recordConnections([aConnection(`c${index}`, { lastAt })], start + index)
      }
      const ids = (found: readonly ConnectionRecord[]) => found.map(({ connectionId }) => connectionId)
      expectEqual('latest', ids(await storage.listConnections({}, 3)), ['c1', 'c4', 'c3'])
      const recent = await storage.listConnections({ recordedSince: start + 3 }, 10)
      expectEqual('written since', ids(recent), ['c4', 'c3'])
    },
  },
  {
    name: 'connections: a flood of strangers pushes out strangers, never a connection in which a person signed in',
    async check(storage) {
      await storage.recordConnections([aConnection('person', { isKnown: true })], start)
      await flood(storage.recordConnections, maximumStrangersConnections + 100, (index) =>
        aConnection(`s${index}`, { lastAt: start + 1 + index }),
      )
      expectTrue('person', (await storage.findConnection('person')) !== undefined)
      expectEqual('the oldest stranger', await storage.findConnection('s99'), undefined)
      expectTrue('the next', (await storage.findConnection('s100')) !== undefined)
      const all = await storage.listConnections({}, 2 * maximumConnections)
      expectEqual('in all', all.length, maximumStrangersConnections + 1)
    },
  },
  {
    name: 'connections: beyond ten thousand the oldest go, strangers before people',
    async check(storage) {
      await storage.recordConnections([aConnection('stranger', { lastAt: start + 50_000 })], start)
      await flood(storage.recordConnections, maximumConnections + 10, (index) =>
        aConnection(`p${index}`, { isKnown: true, lastAt: start + index }),
      )
      expectEqual('stranger', await storage.findConnection('stranger'), undefined)
      expectEqual('the oldest', await storage.findConnection('p9'), undefined)
      expectTrue('the next', (await storage.findConnection('p10')) !== undefined)
      const all = await storage.listConnections({}, 2 * maximumConnections)
      expectEqual('in all', all.length, maximumConnections)
    },
  },
  {
    name: 'connections: each goes seven days after its last step, and not before',
    async check(storage) {
      await storage.recordConnections([aConnection('old'), aConnection('new', { lastAt: start + 1 })], start)
      expectEqual('before', await storage.removeExpired(start + connectionKeptSeconds - 1, 10), 0)
      expectEqual('then', await storage.removeExpired(start + connectionKeptSeconds, 10), 1)
      expectEqual('old', await storage.findConnection('old'), undefined)
      expectTrue('new', (await storage.findConnection('new')) !== undefined)
    },
  },
]

/** In batches, as a recorder writes. */
async function flood(
  record: (changes: readonly ConnectionRecord[], now: number) => Promise<void>,
  count: number,
  make: (index: number) => ConnectionRecord,
): Promise<void> {
  const all = times(count, make)
  for (let index = 0; index < all.length; index += 500) await record(all.slice(index, index + 500), start)
}
