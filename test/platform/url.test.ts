/** Which hosts are this machine, and which addresses anybody could reach (RFC 6890, RFC 8252 §7.3). */

import { describe, expect, test } from 'vitest'
import {
  isIpLiteral,
  isLocalhostName,
  isLoopbackHost,
  isPublicAddress,
  parseUrl,
} from '../../src/platform/url.ts'

describe('loopback', () => {
  test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '::1', '[::1]', '[::ffff:127.0.0.1]'])(
    'is: %s',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true)
    },
  )

  test.each([
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil-localhost',
    'app.localhost',
    'localhost.',
    '128.0.0.1',
    '0.0.0.0',
    '::',
    '::2',
    '10.0.0.1',
    '',
  ])('is not: %j', (host) => {
    expect(isLoopbackHost(host)).toBe(false)
  })

  test('[CIMD-04] a resolver may take more names for it than a redirect may use', () => {
    for (const host of ['localhost', 'localhost.', 'LocalHost', 'a.localhost', 'a.b.localhost.'])
      expect(isLocalhostName(host), host).toBe(true)
    for (const host of ['localhost.example', 'mylocalhost', 'localhosts', ''])
      expect(isLocalhostName(host), host).toBe(false)
  })
})

describe('[CIMD-04] [SBP-07] [SBP-08] an address that is not public', () => {
  test.each([
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['link-local: cloud metadata', '169.254.169.254'],
    ['CGNAT', '100.64.0.1'],
    ['this network', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['protocol assignments', '192.0.0.1'],
    ['documentation', '192.0.2.1'],
    ['documentation', '203.0.113.9'],
    ['benchmarking', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['decimal', '2130706433'],
    ['hexadecimal', '0x7f000001'],
    ['octal', '017700000001'],
    ['octal parts', '0177.0.0.1'],
    ['shortened', '127.1'],
    ['loopback', '::1'],
    ['unspecified', '::'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['IPv4-mapped, in hexadecimal', '::ffff:7f00:1'],
    ['IPv4-mapped private', '::ffff:10.0.0.1'],
    ['IPv4-compatible loopback', '::127.0.0.1'],
    ['IPv4-compatible private', '::a00:1'],
    ['IPv4-translated', '::ffff:0:127.0.0.1'],
    ['NAT64 of loopback', '64:ff9b::7f00:1'],
    ['NAT64 of a private address', '64:ff9b::10.0.0.1'],
    ['local NAT64', '64:ff9b:1::a00:1'],
    ['6to4 of loopback', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['unique local', 'fd00::1'],
    ['unique local', 'fc00::1'],
    ['cloud metadata', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['discard', '100::1'],
    ['nobody has it yet', '4000::1'],
    ['segment routing', '5f00::1'],
    ['in brackets', '[::1]'],
    ['a name', 'localhost'],
    ['a public name', 'claude.ai'],
    ['nothing', ''],
  ])('%s: %s', (_, address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  test.each([
    '1.1.1.1',
    '160.79.104.10',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700:4700::1111',
    '[2a00:1450::1]',
    '::ffff:1.1.1.1',
  ])('and one that is: %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })
})

test('a literal is told from a name', () => {
  for (const host of ['127.0.0.1', '[::1]', '::1', '1.1.1.1']) expect(isIpLiteral(host), host).toBe(true)
  for (const host of ['localhost', 'claude.ai', '1.1.1.1.example', ''])
    expect(isIpLiteral(host), host).toBe(false)
})

test('a URL or nothing, and never an exception', () => {
  expect(parseUrl('https://mcp.example/a?b#c')?.pathname).toBe('/a')
  for (const text of ['', '/a', 'https://', 'http://localhost:99999/', 'https://[::1', '\0'])
    expect(parseUrl(text), text).toBeUndefined()
})
