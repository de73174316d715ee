// Whatever a server does, a run ends in a report: silence, a byte a second, a flood, rubbish everywhere.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createPlainFetch } from '../../src/client/plain-fetch-node.ts'
import { claudeHosted } from '../../src/client/surfaces/claude-hosted.ts'
import { doctor } from '../../src/doctor/doctor.ts'
import { atPath, onMethod, withToken } from './lab/fault.ts'
import { createLab, type Edge, type Handler } from './lab/lab.ts'
import { examineLab } from './lab/run.ts'

const hostile: readonly (readonly [string, Handler])[] = [
  ['never answers', () => new Promise(() => undefined)],
  [
    'answers one byte at a time and never ends',
    () => new Response(drip(), { headers: { 'Content-Type': 'application/json' } }),
  ],
  ['sends without end', () => new Response(flood(), { headers: { 'Content-Type': 'application/json' } })],
  [
    'sends an event stream without end',
    () => new Response(flood(), { headers: { 'Content-Type': 'text/event-stream' } }),
  ],
  [
    'malforms everything',
    () =>
      new Response('\u0000{"jsonrpc":["\uffff', {
        headers: { 'Content-Type': 'application/json', 'WWW-Authenticate': 'Bearer "=,,\\' },
      }),
  ],
  ['answers null everywhere', () => Response.json(null)],
  [
    'nests without end',
    () => new Response('['.repeat(200_000), { headers: { 'Content-Type': 'application/json' } }),
  ],
  ['redirects in a circle', ({ url }) => new Response(null, { status: 302, headers: { Location: url } })],
  [
    'points everywhere at itself',
    ({ url }) =>
      new Response('{}', {
        status: 401,
        headers: { 'WWW-Authenticate': `Bearer resource_metadata="${url}"` },
      }),
  ],
  ['resets', () => Promise.reject(new TypeError('fetch failed'))],
]

/** Ten times its limit, for a machine that others use too. What is not bounded here takes for ever. */
const endlessMs = 20_000

test.each(hostile)('a server that %s', async (_, handle) => {
  const lab = createLab()
  lab.addEdge(handle)
  const began = performance.now()
  const report = await examineLab(lab, { deadlineSeconds: 0.05, limitSeconds: 2 })
  expect(performance.now() - began).toBeLessThan(endlessMs)
  expect(report.verdict).toBe('fails')
  expect(report.findings[0]?.fix).toBeTruthy()
  expect(report.checks.filter(({ says }) => says?.startsWith('the check itself failed'))).toEqual([])
})

/** Good up to there, and then: what is read only after a sign-in is read as carefully as the first answer. */
const stages: readonly (readonly [string, (handle: Handler) => Edge])[] = [
  ['the metadata', (handle) => atPath(/\.well-known/, handle)],
  ['the registration', (handle) => atPath(/^\/register/, handle)],
  ['the sign-in page', (handle) => atPath('/authorize', handle)],
  ['the answer of the sign-in', (handle) => atPath('/sign-in', handle)],
  ['the token endpoint', (handle) => atPath('/token', handle)],
  ['the revocation endpoint', (handle) => atPath('/revoke', handle)],
  ['every call', (handle) => withToken(handle)],
  ['the lists', (handle) => onMethod(/\/list$/, handle)],
]

const lateHostile = stages.flatMap(([stage, at]) =>
  hostile.slice(0, 6).map(([does, handle]) => [stage, does, at(handle)] as const),
)

test.each(lateHostile)('%s of a server that %s', async (stage, _, edge) => {
  const lab = createLab()
  lab.addEdge(edge)
  const began = performance.now()
  const report = await examineLab(lab, { isIntrusive: true, deadlineSeconds: 0.05, limitSeconds: 2 })
  expect(performance.now() - began).toBeLessThan(endlessMs)
  expect(report.checks.filter(({ says }) => says?.startsWith('the check itself failed'))).toEqual([])
  // What only ends the visit is no reason why Claude does not connect.
  expect(report.verdict).toBe(stage === 'the revocation endpoint' ? 'works' : 'fails')
})

/** What is read of one, and what waits in the sockets meanwhile. */
const mostOfOneAnswer = 16 * 1024 * 1024

test('on real sockets a gigabyte is not fetched, and no request is left open', async () => {
  let sent = 0
  const open = new Set<unknown>()
  const chunk = Buffer.alloc(64 * 1024, 'a')
  const server = createServer((_, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
    response.writeHead(200, { 'Content-Type': 'application/json' })
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length
    }
    response.on('drain', pour)
    pour()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { fetch, close } = createPlainFetch(() => true)
  try {
    const { port } = server.address() as AddressInfo
    const report = await doctor({
      url: `http://127.0.0.1:${port}/mcp`,
      surface: claudeHosted,
      fetch,
      network: createLab().network,
    })
    expect(report.verdict).toBe('fails')
    const made = [...report.steps, ...report.probes].flatMap(({ exchanges }) => exchanges)
    expect(sent / made.length).toBeLessThan(mostOfOneAnswer)
  } finally {
    await close()
  }
  await expect.poll(() => open.size).toBe(0)
  server.close()
})

function drip(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      controller.enqueue(new Uint8Array([32]))
    },
  })
}

function flood(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024).fill(97)
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) })
}
