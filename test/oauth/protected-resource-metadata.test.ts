/** Where the metadata of a resource is, and for which server it may be used (RFC 9728 §3). */

import { describe, expect, test } from 'vitest'
import {
  protectedResourceMetadataProblems,
  protectedResourceMetadataUrl,
  protectedResourceMetadataUrls,
  type ResourceMatch,
} from '../../src/oauth/protected-resource-metadata.ts'

const wellKnown = 'https://mcp.example/.well-known/oauth-protected-resource'

describe('[R9728-02] [AUTH-2025-11-25-06] where a client looks, in order', () => {
  test.each([
    ['root', 'https://mcp.example', [wellKnown]],
    ['root with a slash', 'https://mcp.example/', [wellKnown]],
    ['root with a query', 'https://mcp.example/?x=1', [`${wellKnown}?x=1`, wellKnown]],
    ['path', 'https://mcp.example/mcp', [`${wellKnown}/mcp`, wellKnown]],
    ['deeper path', 'https://mcp.example/a/mcp', [`${wellKnown}/a/mcp`, wellKnown]],
    ['path with a slash', 'https://mcp.example/mcp/', [`${wellKnown}/mcp/`, wellKnown]],
    [
      'path with a query',
      'https://mcp.example/mcp?utm_source=plugin',
      [`${wellKnown}/mcp?utm_source=plugin`, wellKnown],
    ],
    ['fragment', 'https://mcp.example/mcp#x', [`${wellKnown}/mcp`, wellKnown]],
    ['host in capitals, default port', 'https://MCP.example:443/mcp', [`${wellKnown}/mcp`, wellKnown]],
    ['userinfo, which is never sent', 'https://u:p@mcp.example/mcp', [`${wellKnown}/mcp`, wellKnown]],
    ['case of the path', 'https://mcp.example/MCP', [`${wellKnown}/MCP`, wellKnown]],
    ['an encoded path', 'https://mcp.example/a%2Fb', [`${wellKnown}/a%2Fb`, wellKnown]],
  ])('%s', (_, resource, urls) => {
    expect(protectedResourceMetadataUrls(resource)).toEqual(urls)
    expect(protectedResourceMetadataUrl(resource)).toBe(urls[0])
  })

  test.each(['', 'mcp.example/mcp', '/mcp', 'https://', 'urn:mcp', 'javascript:1'])(
    'nowhere: %j',
    (resource) => {
      expect(protectedResourceMetadataUrls(resource)).toEqual([])
    },
  )
})

function faults(document: unknown, serverUrl: string, match: ResourceMatch): string[] {
  return protectedResourceMetadataProblems(document, { serverUrl, match }).map(({ at }) => at)
}

describe('[R9728-03] [RC-04] [CC-04] for which server it is', () => {
  const server = 'https://mcp.example/a/mcp'

  // resource, then whether it is taken by: identical, identical-or-origin, prefix
  test.each<[string, string, boolean, boolean, boolean]>([
    ['the URL itself', 'https://mcp.example/a/mcp', true, true, true],
    ['[R9728-08] host in capitals', 'https://MCP.example/a/mcp', false, false, true],
    ['its origin', 'https://mcp.example', false, true, true],
    ['its origin with a slash', 'https://mcp.example/', false, true, true],
    ['a path above', 'https://mcp.example/a', false, false, true],
    ['a path above with a slash', 'https://mcp.example/a/', false, false, true],
    ['a slash more', 'https://mcp.example/a/mcp/', false, false, false],
    ['a path below', 'https://mcp.example/a/mcp/x', false, false, false],
    ['a path that begins alike', 'https://mcp.example/a/mc', false, false, false],
    ['a sibling', 'https://mcp.example/b/mcp', false, false, false],
    ['path in capitals', 'https://mcp.example/a/MCP', false, false, false],
    ['another host', 'https://evil.example/a/mcp', false, false, false],
    ['a host that begins alike', 'https://mcp.example.evil.example/a/mcp', false, false, false],
    ['http', 'http://mcp.example/a/mcp', false, false, false],
    ['another port', 'https://mcp.example:8443/a/mcp', false, false, false],
  ])('%s', (_, resource, identical, origin, prefix) => {
    const document = { resource, authorization_servers: ['https://as.example'] }
    expect(faults(document, server, 'identical')).toEqual(identical ? [] : ['resource'])
    expect(faults(document, server, 'identical-or-origin')).toEqual(origin ? [] : ['resource'])
    expect(faults(document, server, 'prefix')).toEqual(prefix ? [] : ['resource'])
  })

  test('a query belongs to the identifier', () => {
    const document = { resource: 'https://mcp.example/mcp', authorization_servers: ['https://as.example'] }
    expect(faults(document, 'https://mcp.example/mcp?x=1', 'identical')).toEqual(['resource'])
    const echoed = { ...document, resource: 'https://mcp.example/mcp?x=1' }
    expect(faults(echoed, 'https://mcp.example/mcp?x=1', 'identical')).toEqual([])
  })
})

describe('[R9728-01] [AUTH-2025-11-25-04] what makes it unusable', () => {
  const good = { resource: 'https://mcp.example/mcp', authorization_servers: ['https://as.example'] }

  test.each<[string, unknown, string[]]>([
    ['nothing', good, []],
    ['no resource', { ...good, resource: undefined }, ['resource']],
    ['a relative resource', { ...good, resource: '/mcp' }, ['resource']],
    ['a resource in a list', { ...good, resource: [good.resource] }, ['resource']],
    ['no authorization server', { ...good, authorization_servers: undefined }, ['authorization_servers']],
    ['an empty list', { ...good, authorization_servers: [] }, ['authorization_servers']],
    ['a name', { ...good, authorization_servers: ['as.example'] }, ['authorization_servers']],
    [
      'a text instead of a list',
      { ...good, authorization_servers: 'https://as.example' },
      ['authorization_servers'],
    ],
    ['null in the list', { ...good, authorization_servers: [null] }, ['authorization_servers']],
    ['both', {}, ['resource', 'authorization_servers']],
    ['a list', [good], ['']],
    ['null', null, ['']],
    ['a text', 'x', ['']],
  ])('%s', (_, document, at) => {
    expect(faults(document, 'https://mcp.example/mcp', 'identical')).toEqual(at)
  })
})
