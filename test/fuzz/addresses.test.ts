/** Fuzz: where a request comes from, which tenant and which resource it names; no two spellings ever meet that should not (house rules 8 and 17). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { connectorPathFault, isTenantName, tenantIn } from '../../src/app/connector-path.ts'
import {
  canonicalResource,
  findResource,
  resourceIdentifier,
  resourceProblems,
} from '../../src/oauth/resource-indicators.ts'
import { isInRanges, readIpRange, sourceAddress, sourceName } from '../../src/platform/request-source.ts'
import { anyText, webAddress } from './arbitrary.ts'
import { runs } from './runs.ts'

const octet = fc.integer({ min: 0, max: 300 })
const address = fc.oneof(
  fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.')),
  fc
    .array(fc.stringMatching(/^[0-9a-f]{0,5}$/), { minLength: 2, maxLength: 9 })
    .map((groups) => groups.join(':')),
  fc.tuple(octet, octet).map(([a, b]) => `::ffff:${a}.${b}.1.1`),
  anyText(20),
)
const range = fc
  .tuple(address, fc.oneof(fc.integer({ min: -1, max: 140 }).map(String), anyText(4)))
  .map((parts) => parts.join('/'))

test('a range of any text is one, or none; what is in it never throws', () => {
  fc.assert(
    fc.property(fc.oneof(range, address), address, (text, other) => {
      const read = readIpRange(text)
      if (read === undefined) return
      expect(typeof isInRanges(other, [read])).toBe('boolean')
      expect(isInRanges('not an address', [read])).toBe(false)
    }),
    runs(1500),
  )
})

test('[HS-17] what a stranger writes into X-Forwarded-For moves nothing, unless a listed proxy passes it on', () => {
  const ranges = [readIpRange('10.0.0.0/8')].filter((one) => one !== undefined)
  fc.assert(
    fc.property(fc.array(address, { maxLength: 5 }), (hops) => {
      const header = hops.join(', ')
      expect(sourceAddress(header, { peerAddress: '203.0.113.7' }, ranges)).toBe('203.0.113.7')
      const behind = sourceAddress(header, { peerAddress: '10.1.1.1' }, ranges)
      expect(typeof sourceName(behind)).toBe('string')
      expect(sourceAddress(header, {}, ranges)).toBeUndefined()
    }),
    runs(1000),
  )
})

const path = fc.oneof(
  fc
    .array(
      fc.oneof(fc.constantFrom('t', 'mcp', '..', '.', '%2e%2e', '%2F', '\\', '', 'ä', 'A', 'a'), anyText(5)),
      { maxLength: 5 },
    )
    .map((segments) => `/${segments.join('/')}`),
  anyText(20),
)

test('[HS-08] a path is one tenant at most, and says so in one spelling alone', () => {
  fc.assert(
    fc.property(path, (text) => {
      const tenant = tenantIn(text, '/t/{tenant}/mcp')
      if (tenant === undefined) return
      expect(isTenantName(tenant)).toBe(true)
      expect(text).toBe(`/t/${tenant}/mcp`)
      expect(new URL(text, 'https://x.example').pathname).toBe(text)
    }),
    runs(1500),
  )
})

test('[HS-08] every path that a connector may have is one that a URL leaves as it is', () => {
  fc.assert(
    fc.property(fc.oneof(path, fc.stringMatching(/^(\/[A-Za-z0-9._~-]{1,5}){1,3}$/)), (text) => {
      if (connectorPathFault(text) !== undefined) return
      expect(new URL(text, 'https://x.example').pathname).toBe(text)
      const resource = resourceIdentifier('https://x.example', text)
      expect(findResource(`${resource}/`, [resource])).toBe(resource)
    }),
    runs(1500),
  )
})

test('[HS-08] [R8707-01] two resources are one only if they differ in case of the host, in a default port or in a final slash', () => {
  const written = fc.oneof(
    webAddress,
    path.map((text) => `https://mcp.example${text}`),
    path.map((text) => `HTTPS://MCP.example:443${text}`),
    anyText(30),
  )
  fc.assert(
    fc.property(written, written, (one, other) => {
      const [a, b] = [canonicalResource(one), canonicalResource(other)]
      expect(Array.isArray(resourceProblems([one, other]))).toBe(true)
      if (a === undefined || a !== b) return
      const plain = (text: string): string =>
        text
          .replace(/\?.*$/s, '')
          .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)/i, (origin) => origin.toLowerCase())
          .replace(/^(https:\/\/[^/]*):443(?=\/|$)|^(http:\/\/[^/]*):80(?=\/|$)/, '$1$2')
          .replace(/^(https?:\/\/[^/:]*):(?=\/|$)/, '$1')
          .replace(/\/$/, '')
      expect(plain(one)).toBe(plain(other))
    }),
    runs(1500),
  )
})
