// Two long trials of the gateway, without a socket: a great many calls, after which no more memory is held than before; and ten times as many calls as there is room for, of which those that are let in stay fast.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { inProcessUpstream } from '../../src/gateway/upstreams/in-process.ts'
import { type OpenGateway, openGateway, readAnswer, type SessionHeaders } from '../gateway/open-gateway.ts'

export interface MemoryTrial {
  calls: number
  /** Megabytes of live heap, each after a tenth of the calls. */
  heap: number[]
  /** From the third tenth on, when every bounded memory is full, to the last. */
  growth: number
}

export async function memoryOverCalls(calls: number, say: (line: string) => void): Promise<MemoryTrial> {
  const door = await openGateway({
    upstream: inProcessUpstream({ handler: (request) => answer(request, 0) }),
    // Fewer than come, so that what is remembered of them is soon all that is ever remembered.
    limits: { rememberedSessions: 4_096 },
  })
  const collect = garbageCollector()
  const heap: number[] = []
  const people = ['ada', 'bob', 'ada-elsewhere'] as const
  const sessionLength = Math.max(1, Math.floor(calls / 50_000))
  let session: SessionHeaders | undefined
  for (let count = 0; count < calls; count++) {
    const who = people[Math.floor(count / sessionLength) % people.length] ?? 'ada'
    if (session === undefined || count % sessionLength === 0) session = await door.openSession(who)
    const { id } = await readAnswer(await door.post(who, call(count), session))
    if (id !== count) throw new Error(`call ${count} was answered ${String(id)}`)
    if (count % collectEvery === 0) {
      door.events.length = 0
      // The runtime keeps a table of each Request that was not collected yet, which grows and never shrinks again.
      collect()
      await new Promise((resolve) => setImmediate(resolve))
    }
    if ((count + 1) % Math.floor(calls / 10) !== 0) continue
    door.events.length = 0
    collect()
    heap.push(process.memoryUsage().heapUsed / 2 ** 20)
    say(`${String(count + 1).padStart(10)} calls  ${heap.at(-1)?.toFixed(1)} MB`)
  }
  await door.gateway.close()
  return { calls, heap, growth: (heap.at(-1) ?? 0) / (heap[2] ?? 1) }
}

const collectEvery = 2000

export interface OverloadTrial {
  room: number
  answered: number
  turnedAway: number
  /** Calls that were inside the server at one time. */
  mostInside: number
  /** Milliseconds of an admitted call: half of them, and all but one in a hundred, took no longer. */
  alone: Latency
  overloaded: Latency
}

interface Latency {
  p50: number
  p99: number
}

export async function overload(seconds: number): Promise<OverloadTrial> {
  const room = 32
  let inside = 0
  let mostInside = 0
  const upstream = inProcessUpstream({
    async handler(request) {
      mostInside = Math.max(mostInside, ++inside)
      return answer(request, 5).finally(() => inside--)
    },
  })
  const door = await openGateway({ upstream, limits: { callsAtOnce: room, callsPerCaller: room } })
  const session = await door.openSession('ada')
  const alone = await load(door, session, room / 2, seconds / 10)
  const { latencies, turnedAway } = await load(door, session, room * 10, seconds)
  await door.gateway.close()
  return {
    room,
    answered: latencies.length,
    turnedAway,
    mostInside,
    alone: latencyOf(alone.latencies),
    overloaded: latencyOf(latencies),
  }
}

/** So many clients that call again and again; who is turned away comes back after a moment. */
async function load(
  door: OpenGateway,
  session: SessionHeaders,
  clients: number,
  seconds: number,
): Promise<{ latencies: number[]; turnedAway: number }> {
  const until = performance.now() + seconds * 1000
  const latencies: number[] = []
  let turnedAway = 0
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let count = 0; performance.now() < until; count++) {
        const startedAt = performance.now()
        const id = client * 1_000_000 + count
        const response = await door.post('ada', call(id), session)
        door.events.length = 0
        if (response.status === 503) {
          turnedAway++
          await pause(100)
          continue
        }
        const answered = await readAnswer(response)
        if (answered.id !== id) throw new Error(`call ${id} was answered ${JSON.stringify(answered)}`)
        latencies.push(performance.now() - startedAt)
      }
    }),
  )
  return { latencies, turnedAway }
}

function latencyOf(latencies: number[]): Latency {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

function call(id: number): object {
  return {
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'search', arguments: { text: `${id}` } },
  }
}

async function answer(request: Request, workMs: number): Promise<Response> {
  const { id, method } = (await request.json()) as { id?: unknown; method: string }
  if (id === undefined) return new Response(null, { status: 202 })
  if (workMs > 0 && method === 'tools/call') await pause(workMs)
  const initialized = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    serverInfo: { name: 'x', version: '1' },
  }
  const result = method === 'initialize' ? initialized : { content: [{ type: 'text', text: 'found' }] }
  return Response.json({ jsonrpc: '2.0', id, result })
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
