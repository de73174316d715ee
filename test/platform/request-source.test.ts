/** Where a request comes from: ranges, and forwarded addresses that are believed only from listed proxies. */

import { describe, expect, test } from 'vitest'
import {
  type IpRange,
  isInRanges,
  readIpRange,
  sourceAddress,
  sourceName,
} from '../../src/platform/request-source.ts'

function ranges(...texts: string[]): IpRange[] {
  return texts.map((text) => {
    const range = readIpRange(text)
    if (range === undefined) throw new Error(`${text} is no range`)
    return range
  })
}

describe('ranges', () => {
  test.each([
    ['160.79.104.0/21', '160.79.104.0', true],
    ['160.79.104.0/21', '160.79.111.255', true],
    ['160.79.104.0/21', '160.79.112.0', false],
    ['160.79.104.0/21', '160.79.103.255', false],
    ['160.79.104.0/21', '::ffff:160.79.105.1', true],
    ['160.79.104.0/21', undefined, false],
    ['160.79.104.0/21', 'no address', false],
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['0.0.0.0/0', '8.8.8.8', true],
  ])('%s, %s: %s', (range, address, isIn) => {
    expect(isInRanges(address, ranges(range))).toBe(isIn)
  })

  test.each([
    '',
    'x',
    '10.0.0.0/33',
    '10.0.0.1/8',
    '10.0.0/8/8',
    '2001:db8::1/32',
    '10.0.0.0/-1',
    'anthropic',
  ])('no range: %s', (text) => {
    expect(readIpRange(text)).toBeUndefined()
  })
})

describe('[R9700-02] the address that asked', () => {
  const proxies = ranges('10.0.0.0/8', '127.0.0.1', '2001:db8::/32')

  test.each<[string, string | undefined, string | null, string | undefined]>([
    ['the peer, whatever the header says', '203.0.113.7', '160.79.104.1', '203.0.113.7'],
    ['the peer in its plain form', '::ffff:203.0.113.7', null, '203.0.113.7'],
    ['a loopback peer that is not listed', '::1', '160.79.104.1', '::1'],
    ['what a listed proxy says', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    [
      'the last that a listed proxy says, not the first',
      '10.0.0.1',
      '160.79.104.1, 203.0.113.7',
      '203.0.113.7',
    ],
    ['behind two listed proxies', '127.0.0.1', '160.79.104.1, 203.0.113.7, 10.9.9.9', '203.0.113.7'],
    ['with a port', '10.0.0.1', '203.0.113.7:51234', '203.0.113.7'],
    ['IPv6 in brackets with a port', '2001:db8::1', '[2001:db9::7]:51234', '2001:db9::7'],
    ['a listed proxy that names nobody', '10.0.0.1', null, undefined],
    ['a listed proxy that names only itself', '10.0.0.1', '10.0.0.1', undefined],
    ['what is no address', '10.0.0.1', '160.79.104.1, unknown', undefined],
    ['an empty place', '10.0.0.1', '160.79.104.1,', undefined],
    ['no peer at all', undefined, '160.79.104.1', undefined],
    ['a socket without an address', '/tmp/socket', '160.79.104.1', undefined],
  ])('%s', (_, peerAddress, header, address) => {
    expect(sourceAddress(header, { peerAddress }, proxies)).toBe(address)
  })
})

test('one customer is one name, as far as IPv6 goes', () => {
  expect(sourceName('203.0.113.7')).toBe('203.0.113.7')
  expect(sourceName('2001:db8:1:2:3:4:5:6')).toBe(sourceName('2001:db8:1:2:ffff::1'))
  expect(sourceName('2001:db8:1:2::1')).not.toBe(sourceName('2001:db8:1:3::1'))
  expect(sourceName(undefined)).toBe('unknown')
})
