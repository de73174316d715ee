/** How much later an answer comes through Postern than without it, at a rate at which nothing is busy. */

import { Agent, request } from 'node:http'
import type { Contender } from './contenders.ts'
import type { MeasuredCall } from './tools.ts'

export interface Latency {
  name: string
  p50Ms: number
  p99Ms: number
}

/** Sent at their times, whether or not the ones before are answered: a server that stops does not stop the clock. */
export async function latencyAt(
  perSecond: number,
  contenders: readonly Pick<Contender, 'name' | 'call'>[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Latency[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const measured = contenders.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { call }] of contenders.entries()) {
      const times = await sendAtRate(call, agent, perSecond, seconds)
      // The first round warms up.
      if (round > 0) measured[index]?.push(...times)
    }
  }
  agent.destroy()
  return contenders.map(({ name }, index) => {
    const sorted = (measured[index] ?? []).toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
    return { name, p50Ms: at(0.5), p99Ms: at(0.99) }
  })
}

async function sendAtRate(
  call: MeasuredCall,
  agent: Agent,
  perSecond: number,
  seconds: number,
): Promise<number[]> {
  const times: number[] = []
  const waiting: Promise<void>[] = []
  const startedAt = performance.now()
  for (let count = 0; count < perSecond * seconds; count++) {
    const dueAt = startedAt + (count * 1000) / perSecond
    while (performance.now() < dueAt) await new Promise((resolve) => setTimeout(resolve, 0.5))
    waiting.push(sendOne(call, agent).then(() => void times.push(performance.now() - dueAt)))
  }
  await Promise.all(waiting)
  return times
}

function sendOne({ url, headers, body }: MeasuredCall, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`HTTP ${response.statusCode}`))
        response.resume().once('end', resolve)
      },
    )
    sent.once('error', reject)
    sent.end(body)
  })
}
