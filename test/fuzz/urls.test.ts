/** Fuzz: however an address is spelled, a private one is never asked (RFC 6890, WHATWG URL §4.3). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOutboundFetch, OutboundError } from '../../src/platform/outbound-fetch.ts'
import { isIpLiteral, isLoopbackHost, isPublicAddress, parseUrl } from '../../src/platform/url.ts'
import { anyText, webAddress } from './arbitrary.ts'
import { runs } from './runs.ts'

const octet = fc.integer({ min: 0, max: 255 })

/** Addresses of ranges that nobody outside can reach. */
const privateIpv4 = fc.oneof(
  fc.tuple(fc.constantFrom(0, 10, 127, 224, 240, 255), octet, octet, octet),
  fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
  fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
  fc.tuple(fc.constant(198), fc.constantFrom(18, 19), octet, octet),
)

type Ipv4 = [number, number, number, number]

const radix = fc.constantFrom(
  (value: number) => String(value),
  (value: number) => `0${value.toString(8)}`,
  (value: number) => `0x${value.toString(16)}`,
  (value: number) => `0X${value.toString(16).toUpperCase()}`,
)

/** Every way in which a URL may write one IPv4 address: parts joined, each in its own base, a final dot. */
const spelling = fc
  .tuple(fc.integer({ min: 1, max: 4 }), radix, radix, fc.boolean())
  .map(([parts, first, last, withDot]) => ([a, b, c, d]: Ipv4): string => {
    const joined: Record<number, number[]> = {
      1: [((a * 256 + b) * 256 + c) * 256 + d],
      2: [a, (b * 256 + c) * 256 + d],
      3: [a, b, c * 256 + d],
      4: [a, b, c, d],
    }
    const numbers = joined[parts] ?? []
    const written = numbers.map((value, index) => (index === numbers.length - 1 ? last(value) : first(value)))
    return written.join('.') + (withDot ? '.' : '')
  })

const hex = (high: number, low: number): string => (high * 256 + low).toString(16)

/** And in which it hides in an IPv6 address. */
const ipv6Around = fc.constantFrom(
  ([a, b, c, d]: Ipv4) => `[::ffff:${hex(a, b)}:${hex(c, d)}]`,
  ([a, b, c, d]: Ipv4) => `[::ffff:${a}.${b}.${c}.${d}]`,
  ([a, b, c, d]: Ipv4) => `[0:0:0:0:0:FFFF:${hex(a, b)}:${hex(c, d)}]`,
  ([a, b, c, d]: Ipv4) => `[::${hex(a, b)}:${hex(c, d)}]`,
  ([a, b, c, d]: Ipv4) => `[64:ff9b::${hex(a, b)}:${hex(c, d)}]`,
  ([a, b, c, d]: Ipv4) => `[64:ff9b:1::${hex(a, b)}:${hex(c, d)}]`,
  ([a, b, c, d]: Ipv4) => `[2002:${hex(a, b)}:${hex(c, d)}::1]`,
)

const asked: string[] = []
const guarded = createOutboundFetch({
  fetch: async (input) => {
    asked.push(String(input))
    return new Response('')
  },
  allowPrivateAddresses: false,
  deadlineMs: 1_000,
  maximumBytes: 10,
})

async function isRefused(url: string): Promise<boolean> {
  const before = asked.length
  const failure = await guarded(url).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure === undefined) return false
  expect(failure).toBeInstanceOf(OutboundError)
  expect(asked.length, url).toBe(before)
  return true
}

test('[CIMD-04] [SBP-07] a private IPv4 address in any spelling', async () => {
  await fc.assert(
    fc.asyncProperty(
      privateIpv4,
      spelling,
      fc.constantFrom('', ':443', ':8080'),
      async (address, write, port) => {
        expect(await isRefused(`https://${write(address as Ipv4)}${port}/x`)).toBe(true)
      },
    ),
    runs(800),
  )
})

test('[CIMD-04] [SBP-07] a private IPv4 address inside an IPv6 one', async () => {
  await fc.assert(
    fc.asyncProperty(privateIpv4, ipv6Around, async (address, write) => {
      expect(await isRefused(`https://${write(address as Ipv4)}/x`)).toBe(true)
    }),
    runs(500),
  )
})

test('[CIMD-04] any IPv6 address outside global unicast', async () => {
  const group = fc.integer({ min: 0, max: 0xffff })
  await fc.assert(
    fc.asyncProperty(fc.array(group, { minLength: 8, maxLength: 8 }), async (groups) => {
      fc.pre(((groups[0] ?? 0) & 0xe000) !== 0x2000)
      const host = `[${groups.map((value) => value.toString(16)).join(':')}]`
      expect(isPublicAddress(host)).toBe(false)
      expect(await isRefused(`https://${host}/`)).toBe(true)
    }),
    runs(300),
  )
})

test('whatever text comes, the answer is yes or no, and what passes is https to no literal of ours', async () => {
  const piece = fc.constantFrom(
    'https://',
    'http://',
    'localhost',
    '127.0.0.1',
    '[::1]',
    '.',
    '@',
    ':',
    '/',
    '\\',
    '#',
    '%6c',
    '\t',
    ' ',
    'a',
    '0',
    '\ud800',
  )
  const text = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    anyText(60),
    webAddress,
  )
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      const url = parseUrl(value)
      expect(url === undefined).toBe(!URL.canParse(value))
      for (const judge of [isLoopbackHost, isPublicAddress, isIpLiteral])
        expect(judge(value)).toBeTypeOf('boolean')
      if (await isRefused(value)) return
      expect(url?.protocol).toBe('https:')
      expect(isLoopbackHost(url?.hostname ?? '')).toBe(false)
      expect(isIpLiteral(url?.hostname ?? '') && !isPublicAddress(url?.hostname ?? '')).toBe(false)
    }),
    runs(1500),
  )
})
