/** Which redirect URIs may be registered, and which of them a browser may be sent to (OAuth 2.1 §2.3.1, RFC 8252 §7). */

import { describe, expect, test } from 'vitest'
import { claudeCallbacks, claudeCodeCallbacks } from '../../src/oauth/claude.ts'
import {
  canonicalRedirectUri,
  isLocalRedirect,
  redirectHost,
  redirectUriProblems,
  trustRedirect,
} from '../../src/oauth/redirect-uri.ts'

const web = 'https://claude.ai/api/mcp/auth_callback'
const localhost = 'http://localhost/callback'
const ipv4 = 'http://127.0.0.1/callback'
const ipv6 = 'http://[::1]/callback'

describe('[OA21-01] [SBP-04] [AUTH-2025-11-25-25] a variant of a web redirect is not the registered one', () => {
  test.each([
    ['host in capitals', 'https://CLAUDE.ai/api/mcp/auth_callback'],
    ['scheme in capitals', 'HTTPS://claude.ai/api/mcp/auth_callback'],
    ['path in capitals', 'https://claude.ai/api/mcp/Auth_callback'],
    ['http', 'http://claude.ai/api/mcp/auth_callback'],
    ['default port', 'https://claude.ai:443/api/mcp/auth_callback'],
    ['another port', 'https://claude.ai:8443/api/mcp/auth_callback'],
    ['suffix of the path', 'https://claude.ai/api/mcp/auth_callback2'],
    ['a segment more', 'https://claude.ai/api/mcp/auth_callback/x'],
    ['prefix of the path', 'https://claude.ai/api/mcp/auth'],
    ['trailing slash', 'https://claude.ai/api/mcp/auth_callback/'],
    ['extra query', 'https://claude.ai/api/mcp/auth_callback?x=1'],
    ['empty query', 'https://claude.ai/api/mcp/auth_callback?'],
    ['fragment', 'https://claude.ai/api/mcp/auth_callback#x'],
    ['empty fragment', 'https://claude.ai/api/mcp/auth_callback#'],
    ['userinfo', 'https://user@claude.ai/api/mcp/auth_callback'],
    ['the host as userinfo', 'https://claude.ai@evil.example/api/mcp/auth_callback'],
    ['the host as a label', 'https://claude.ai.evil.example/api/mcp/auth_callback'],
    ['a label before the host', 'https://evil.claude.ai/api/mcp/auth_callback'],
    ['a host that ends alike', 'https://evilclaude.ai/api/mcp/auth_callback'],
    ['a final dot of the host', 'https://claude.ai./api/mcp/auth_callback'],
    ['encoded slash', 'https://claude.ai/api%2Fmcp/auth_callback'],
    ['encoded dots', 'https://claude.ai/api/x/%2e%2e/mcp/auth_callback'],
    ['dots', 'https://claude.ai/api/x/../mcp/auth_callback'],
    ['an encoded letter', 'https://claude.ai/api/mcp/auth_callbac%6B'],
    ['a letter of the host encoded', 'https://claud%65.ai/api/mcp/auth_callback'],
    ['double slash', 'https://claude.ai//api/mcp/auth_callback'],
    ['backslashes', 'https:\\\\claude.ai\\api\\mcp\\auth_callback'],
    ['a backslash before another host', 'https://evil.example\\@claude.ai/api/mcp/auth_callback'],
    ['a blank before it', ' https://claude.ai/api/mcp/auth_callback'],
    ['a line end after it', 'https://claude.ai/api/mcp/auth_callback\n'],
    ['a tab inside', 'https://claude.ai/api/\tmcp/auth_callback'],
    ['a null character', 'https://claude.ai/api/mcp/auth_callback\0'],
    ['no scheme', '//claude.ai/api/mcp/auth_callback'],
    ['a path alone', '/api/mcp/auth_callback'],
    ['empty', ''],
  ])('%s', (_, requested) => {
    expect(trustRedirect(requested, [web])).toBeUndefined()
    expect(trustRedirect(requested, [...claudeCallbacks, ...claudeCodeCallbacks])).toBeUndefined()
  })

  test('the registered one itself is, and is sent on byte for byte', () => {
    expect(trustRedirect(web, [web])?.uri).toBe(web)
    expect(trustRedirect(web, [localhost, web])?.uri).toBe(web)
    expect(trustRedirect(web, [])).toBeUndefined()
  })
})

describe('[OA21-01] [R8252-01] [R8252-02] [ASU-10] [RC-18] loopback on any port', () => {
  test.each([
    ['localhost', 'http://localhost:3118/callback', localhost],
    ['127.0.0.1', 'http://127.0.0.1:51004/callback', ipv4],
    ['[::1]', 'http://[::1]:51004/callback', ipv6],
    ['no port against a registered one', localhost, 'http://localhost:3118/callback'],
    ['another port than the registered one', 'http://127.0.0.1:2/cb', 'http://127.0.0.1:65535/cb'],
    [
      'path and query',
      'http://localhost:9/mcp/oauth/callback?a=b',
      'http://localhost/mcp/oauth/callback?a=b',
    ],
    ['no path', 'http://127.0.0.1:9', 'http://127.0.0.1:10'],
  ])('%s', (_, requested, registered) => {
    expect(trustRedirect(requested, [registered])?.uri).toBe(requested)
  })

  test.each([
    ['[R8252-04] 127.0.0.1 for localhost', 'http://127.0.0.1:3118/callback', localhost],
    ['[R8252-04] localhost for 127.0.0.1', 'http://localhost:3118/callback', ipv4],
    ['[R8252-04] ::1 for localhost', 'http://[::1]:3118/callback', localhost],
    ['another loopback address', 'http://127.0.0.2:3118/callback', ipv4],
    [
      'another port of another loopback address',
      'http://127.0.0.2:2/callback',
      'http://127.0.0.2:1/callback',
    ],
    ['a port that is none', 'http://localhost:99999/callback', localhost],
    ['a port of six digits', 'http://localhost:123456/callback', localhost],
    ['an empty port', 'http://localhost:/callback', localhost],
    ['a port with a sign', 'http://localhost:+80/callback', localhost],
    ['a name that begins alike', 'http://localhost.evil.example/callback', localhost],
    ['an address that begins alike', 'http://127.0.0.1.evil.example/callback', ipv4],
    ['a name that ends alike', 'http://evil-localhost/callback', localhost],
    ['localhost with a final dot', 'http://localhost./callback', localhost],
    ['localhost in capitals', 'http://LOCALHOST:3118/callback', localhost],
    ['userinfo', 'http://user@localhost:3118/callback', localhost],
    ['localhost as userinfo', 'http://localhost:80@evil.example/callback', localhost],
    ['IPv6 written out', 'http://[0:0:0:0:0:0:0:1]:3118/callback', ipv6],
    ['IPv6 with leading zeros', 'http://[::0001]:3118/callback', ipv6],
    ['IPv4 in IPv6', 'http://[::ffff:127.0.0.1]:3118/callback', ipv4],
    ['IPv4 in decimal', 'http://2130706433:3118/callback', ipv4],
    ['IPv4 in hexadecimal', 'http://0x7f.0.0.1:3118/callback', ipv4],
    ['IPv4 shortened', 'http://127.1:3118/callback', ipv4],
    ['https', 'https://localhost:3118/callback', localhost],
    ['another path', 'http://localhost:3118/callback2', localhost],
    ['path in capitals', 'http://localhost:3118/Callback', localhost],
    ['trailing slash', 'http://localhost:3118/callback/', localhost],
    ['extra query', 'http://localhost:3118/callback?x=1', localhost],
    ['fragment', 'http://localhost:3118/callback#x', localhost],
    ['encoded slash', 'http://localhost:3118%2Fcallback', localhost],
    ['a backslash', 'http://localhost:3118\\callback', localhost],
    ['dots', 'http://localhost:3118/x/../callback', localhost],
    ['a slash more where there is no path', 'http://localhost:3118/', 'http://localhost'],
    ['a port of a host that is not loopback', 'http://10.0.0.1:3118/callback', 'http://10.0.0.1/callback'],
  ])('refused: %s', (_, requested, registered) => {
    expect(trustRedirect(requested, [registered])).toBeUndefined()
  })

  test('[CC-08] the port of Claude Code is ignored on both of its hosts', () => {
    for (const host of ['localhost', '127.0.0.1'])
      expect(trustRedirect(`http://${host}:54321/callback`, claudeCodeCallbacks)).toBeDefined()
  })
})

describe('registration of redirect URIs', () => {
  test.each([
    web,
    'https://claude.com/api/mcp/auth_callback',
    'https://chatgpt.com/connector_platform_oauth_redirect',
    'https://app.example:8443/cb?tenant=1',
    'https://app.example/?',
    localhost,
    ipv4,
    ipv6,
    'http://localhost:3118/callback',
    'http://127.0.0.1:19876/mcp/oauth/callback',
    'http://127.0.0.2:80/cb',
    'claude://callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'vscode://vscode.github-authentication/did-authenticate',
    'com.example.app:/callback',
    'com.example.app://callback',
  ])('[OA21-01] [AUTH-2025-11-25-25] accepted: %s', (uri) => {
    expect(redirectUriProblems([uri])).toEqual([])
    expect(trustRedirect(uri, [uri])?.uri).toBe(uri)
  })

  test.each([
    ['[R9700-06] http on a host that is not loopback', 'http://app.example/cb'],
    ['[R9700-06] http on a private address', 'http://192.168.1.2/cb'],
    ['http on a name below localhost', 'http://app.localhost/cb'],
    ['[OA21-02] a private scheme without a dot', 'myapp:/cb'],
    ['javascript', 'javascript:alert(1)'],
    ['javascript in capitals', 'JaVaScRiPt:alert(1)'],
    ['data', 'data:text/html,x'],
    ['vbscript', 'vbscript:x'],
    ['file', 'file:///etc/passwd'],
    ['blob', 'blob:https://claude.ai/x'],
    ['about', 'about:blank'],
    ['ftp', 'ftp://app.example/cb'],
    ['ws', 'ws://localhost/cb'],
    ['wss', 'wss://app.example/cb'],
    ['mailto', 'mailto:a@app.example'],
    ['fragment', 'https://app.example/cb#a'],
    ['empty fragment', 'https://app.example/cb#'],
    ['fragment of a private scheme', 'com.example.app:/cb#a'],
    ['user name', 'https://u@app.example/cb'],
    ['password', 'https://:p@app.example/cb'],
    ['user name of a private scheme', 'com.example.app://u:p@host/cb'],
    ['a blank', 'https://app.example/c b'],
    ['a line end', 'https://app.example/cb\r\nSet-Cookie:x=1'],
    ['a null character', 'https://app.example/\0cb'],
    ['a control character', 'https://app.example/\u007fcb'],
    ['a backslash', 'https://app.example\\cb'],
    ['a letter that is not ASCII', 'https://app.example/caf\u00e9'],
    ['a host that is not ASCII', 'https://\u0430pp.example/cb'],
    ['direction override', 'https://app.example/\u202egnp'],
    ['relative', '/cb'],
    ['a host alone', 'app.example/cb'],
    ['a wildcard for a scheme', '*://app.example/cb'],
    ['a port that is none', 'http://localhost:99999/callback'],
    ['too long', `https://app.example/${'a'.repeat(2000)}`],
    ['empty', ''],
    ['[R9207-01] an issuer of its own', 'https://app.example/cb?iss=https://evil.example'],
    ['a code of its own', 'https://app.example/cb?code=1'],
    ['a state of its own, encoded', 'https://app.example/cb?stat%65=1'],
    ['an error of its own', 'com.example.app:/cb?error=access_denied'],
  ])('refused: %s', (_, uri) => {
    const problems = redirectUriProblems(['https://good.example/cb', uri])
    expect(problems).toMatchObject([{ code: 'invalid_redirect_uri', at: 'redirect_uris[1]' }])
    expect(problems[0]?.says.length).toBeLessThan(400)
    // Registered before the rule or by other means, it is still not redirected to.
    expect(trustRedirect(uri, [uri])).toBeUndefined()
  })
})

test('[HS-03] two redirects that differ in their loopback port are one', () => {
  expect(canonicalRedirectUri('http://localhost:1/callback')).toBe(localhost)
  expect(canonicalRedirectUri('http://[::1]:65535/callback')).toBe(ipv6)
  expect(canonicalRedirectUri(web)).toBe(web)
  expect(canonicalRedirectUri('https://localhost:1/callback')).toBe('https://localhost:1/callback')
  expect(canonicalRedirectUri('http://localhost:1@evil.example/')).toBe('http://localhost:1@evil.example/')
})

test.each([
  [web, false],
  [localhost, true],
  [ipv6, true],
  ['https://localhost/cb', true],
  ['claude://callback', true],
  ['com.example.app:/cb', true],
  ['not a url', true],
])('[HS-07] consent is remembered for no program on a device: %s', (uri, isLocal) => {
  expect(isLocalRedirect(uri)).toBe(isLocal)
})

test.each([
  [web, 'claude.ai'],
  ['https://app.example:8443/cb', 'app.example:8443'],
  ['https://\u0430pp.example/cb', 'xn--pp-6kc.example'],
  ['http://localhost:3118/callback', 'localhost:3118'],
  ['claude://callback', 'claude://'],
  ['nonsense', 'unknown'],
])('[AUTH-2025-11-25-15] the host that a person is told for %s', (uri, host) => {
  expect(redirectHost(uri)).toBe(host)
})
