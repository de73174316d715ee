// Whatever a server does, a run ends in a report: silence, a byte a second, a flood, rubbish everywhere.

import { expect, test } from 'vitest'
import { createLab, type Handler } from './lab/lab.ts'
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

test.each(hostile)('a server that %s', async (_, handle) => {
  const lab = createLab()
  lab.addEdge(handle)
  const began = performance.now()
  const report = await examineLab(lab, { deadlineSeconds: 0.05, limitSeconds: 2 })
  expect(performance.now() - began).toBeLessThan(4000)
  expect(report.verdict).toBe('fails')
  expect(report.findings[0]?.fix).toBeTruthy()
  expect(report.checks.filter(({ says }) => says?.startsWith('the check itself failed'))).toEqual([])
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
