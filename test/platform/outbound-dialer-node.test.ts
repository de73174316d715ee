/** The dialer judges what a name resolves to at the moment of each connection (DNS rebinding; RFC 6890). */

import type { LookupAddress } from 'node:dns'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  createGuardedDialer,
  createPublicLookup,
  type ResolveAll,
} from '../../src/platform/outbound-dialer-node.ts'
import { createOutboundFetch, OutboundError } from '../../src/platform/outbound-fetch.ts'

/** Tests have loopback alone: an address in here stands for a public one. */
const standIns = vi.hoisted(() => new Set<string>())

vi.mock('../../src/platform/url.ts', async (original) => {
  const url = await original<typeof import('../../src/platform/url.ts')>()
  return { ...url, isPublicAddress: (text: string) => standIns.has(text) || url.isPublicAddress(text) }
})

let server: Server
let port: number
let connections = 0

beforeAll(async () => {
  server = createServer((request, response) => response.end(`reached as ${request.headers.host}`))
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  port = (server.address() as AddressInfo).port
})

afterAll(() => new Promise((closed) => server.close(closed)))

const address = (text: string): LookupAddress => ({ address: text, family: text.includes(':') ? 6 : 4 })

/** Answers each question with the next list, the last one from then on. */
function answering(...answers: string[][]): ResolveAll & { asked: string[] } {
  const asked: string[] = []
  const resolve: ResolveAll = (hostname, _, callback) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(hostname)
    setImmediate(() => callback(null, answer.map(address)))
  }
  return Object.assign(resolve, { asked })
}

async function kindOf(resolve: ResolveAll, url: string): Promise<string> {
  const dialer = createGuardedDialer(1_000, resolve)
  const outboundFetch = createOutboundFetch({
    fetch: dialer.fetch,
    allowPrivateAddresses: false,
    deadlineMs: 3_000,
    maximumBytes: 1_000,
  })
  try {
    return (await outboundFetch(url)).text
  } catch (error) {
    if (error instanceof OutboundError) return error.kind
    throw error
  } finally {
    await dialer.close()
  }
}

describe('[CIMD-04] [SBP-08] names that resolve to where nobody may go', () => {
  test.each([
    ['loopback', ['127.0.0.1']],
    ['private', ['10.0.0.1']],
    ['cloud metadata', ['169.254.169.254']],
    ['IPv6 loopback', ['::1']],
    ['unique local', ['fc00::1']],
    ['IPv4-mapped', ['::ffff:127.0.0.1']],
    ['IPv4-compatible', ['::7f00:1']],
    ['NAT64', ['64:ff9b::7f00:1']],
    ['one private answer after a public one', ['1.1.1.1', '127.0.0.1']],
    ['one private answer before a public one', ['127.0.0.1', '1.1.1.1']],
    ['a private answer of the other family', ['1.1.1.1', '::1']],
  ])('%s', async (_, addresses) => {
    const before = connections
    expect(await kindOf(answering(addresses), `https://rebound.example:${port}/`)).toBe('refused-by-policy')
    expect(connections).toBe(before)
  })

  test('the refusal does not tell the address, which is of the inner network', async () => {
    const lookup = createPublicLookup(answering(['10.20.30.40']))
    const error = await new Promise<Error | null>((resolve) => lookup('intranet.example', {}, resolve))
    expect(error?.message).toContain('intranet.example')
    expect(error?.message).not.toContain('10.20.30.40')
  })

  test('a name without an address, and one that does not resolve, are not reached', async () => {
    expect(await kindOf(answering([]), 'https://empty.example/')).toBe('not-reached')
    const failing: ResolveAll = (_, __, callback) => callback(new Error('getaddrinfo ENOTFOUND'), [])
    expect(await kindOf(failing, 'https://nowhere.example/')).toBe('not-reached')
  })

  test('a literal is judged too, though no name is looked up for it', async () => {
    const dialer = createGuardedDialer(1_000, answering(['1.1.1.1']))
    const before = connections
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433'])
      await expect(dialer.fetch(`http://${host}:${port}/`), host).rejects.toThrow(
        expect.objectContaining({ cause: expect.objectContaining({ kind: 'refused-by-policy' }) }),
      )
    expect(connections).toBe(before)
    await dialer.close()
  })
})

describe('[CIMD-04] rebinding', () => {
  const ask = (lookup: ReturnType<typeof createPublicLookup>, all: boolean): Promise<unknown[]> =>
    new Promise((resolve) => lookup('rebound.example', { all }, (...answer) => resolve(answer)))

  test('first public, then private: the second connection is refused', async () => {
    const resolve = answering(['1.1.1.1'], ['127.0.0.1'])
    const lookup = createPublicLookup(resolve)
    expect(await ask(lookup, true)).toEqual([null, [address('1.1.1.1')]])
    expect(await ask(lookup, true)).toEqual([expect.objectContaining({ kind: 'refused-by-policy' }), []])
    expect(resolve.asked).toHaveLength(2)
  })

  test('what was judged is what is dialled: one question, and its answer handed on', async () => {
    const resolve = answering(['1.1.1.1', '2606:4700::1'], ['127.0.0.1'])
    expect(await ask(createPublicLookup(resolve), true)).toEqual([
      null,
      [address('1.1.1.1'), address('2606:4700::1')],
    ])
    expect(resolve.asked).toEqual(['rebound.example'])
    expect(await ask(createPublicLookup(answering(['1.1.1.1'])), false)).toEqual([null, '1.1.1.1', 4])
  })

  test('each connection asks anew, and none is kept for a name that was refused', async () => {
    const resolve = answering(['127.0.0.1'])
    const dialer = createGuardedDialer(1_000, resolve)
    for (let attempt = 1; attempt <= 3; attempt++) {
      await expect(dialer.fetch(`http://rebound.example:${port}/`)).rejects.toThrow()
      expect(resolve.asked).toHaveLength(attempt)
    }
    await dialer.close()
  })
})

test('a name with a public address is reached, at that address and under its own name', async () => {
  standIns.add('127.0.0.1')
  const dialer = createGuardedDialer(1_000, answering(['127.0.0.1']))
  const answer = await dialer.fetch(`http://app.example:${port}/`)
  expect(await answer.text()).toBe(`reached as app.example:${port}`)
  await dialer.close()
  standIns.clear()
})

test('the system resolver is what is asked by default: localhost is known to it, and refused', async () => {
  const dialer = createGuardedDialer(1_000)
  const before = connections
  await expect(dialer.fetch(`http://localhost:${port}/`)).rejects.toThrow(
    expect.objectContaining({ cause: expect.objectContaining({ kind: 'refused-by-policy' }) }),
  )
  expect(connections).toBe(before)
  await dialer.close()
})
