/** Registrations as released clients send them, and as nobody should (RFC 7591 §2). */

import { describe, expect, test } from 'vitest'
import {
  canonicalClientMetadata,
  clientMetadataProblems,
  formatClientInformation,
  formatClientMetadata,
  readClientMetadata,
} from '../../src/oauth/client-metadata.ts'

const codeAndRefresh = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }
const webClaude = {
  redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
  token_endpoint_auth_method: 'none',
  ...codeAndRefresh,
  client_name: 'Claude',
  application_type: 'web',
}

/** Word for word what was recorded of each client, 2025 and 2026. */
const recorded: Record<string, Record<string, unknown>> = {
  'hosted Claude, 2026-08': webClaude,
  'hosted Claude, 2025': {
    redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
    token_endpoint_auth_method: 'none',
    ...codeAndRefresh,
    client_name: 'claudeai',
    scope: 'claudeai',
  },
  'hosted Claude with client_secret_post, 2026-09': {
    ...webClaude,
    token_endpoint_auth_method: 'client_secret_post',
  },
  'Claude Code 2.1.329': {
    client_name: 'Claude Code (trial)',
    redirect_uris: ['http://localhost:3118/callback'],
    ...codeAndRefresh,
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    scope: 'mcp:tools',
  },
  'Claude Code without a scope': {
    client_name: 'Claude Code (trial)',
    redirect_uris: ['http://localhost:3118/callback'],
    ...codeAndRefresh,
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  },
  'mcp-remote 0.15.1': {
    redirect_uris: ['http://localhost:24642/oauth/callback'],
    token_endpoint_auth_method: 'none',
    ...codeAndRefresh,
    client_name: 'MCP CLI Proxy',
    client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
    software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
    software_version: '0.15.1',
    scope: 'mcp:tools offline_access',
    application_type: 'native',
  },
  'Inspector 2.12.0': {
    redirect_uris: ['http://127.0.0.1:6276/oauth/callback'],
    token_endpoint_auth_method: 'none',
    ...codeAndRefresh,
    client_name: 'MCP Inspector',
    client_uri: 'https://github.com/modelcontextprotocol/inspector',
    scope: 'mcp:tools offline_access',
    application_type: 'native',
  },
  'TypeScript SDK 1.32.2': {
    client_name: 'trial sdk-v1',
    redirect_uris: ['http://127.0.0.1:41234/callback'],
    ...codeAndRefresh,
    token_endpoint_auth_method: 'none',
    scope: 'mcp:tools',
  },
  'TypeScript SDK 2.4.0': {
    client_name: 'trial sdk-v2',
    redirect_uris: ['http://127.0.0.1:41234/callback'],
    ...codeAndRefresh,
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    scope: 'mcp:tools offline_access',
  },
  'a page, as use-mcp registers': {
    client_name: 'use-mcp',
    redirect_uris: ['https://app.example/oauth/callback'],
    ...codeAndRefresh,
    token_endpoint_auth_method: 'none',
  },
}

describe('[CC-07] [ASU-06] [R7591-05] [RC-18] what released clients register', () => {
  test.each(Object.entries(recorded))('%s', (_, document) => {
    expect(clientMetadataProblems(document)).toEqual([])
    const metadata = readClientMetadata(document)
    // Everything that was said is said back, and nothing is null (the TypeScript SDK fails on null).
    const answer = formatClientMetadata(metadata)
    expect(answer).toMatchObject(document)
    expect(Object.values(answer)).not.toContain(null)
    expect(Object.values(answer)).not.toContain(undefined)
  })
})

describe('tolerated', () => {
  const accepts = (changes: Record<string, unknown>): Record<string, unknown> => {
    const document = { ...webClaude, ...changes }
    expect(clientMetadataProblems(document)).toEqual([])
    return formatClientMetadata(readClientMetadata(document))
  }

  test('[RC-09] a blank scope, which the Inspector sends', () => {
    expect(accepts({ scope: '' })).not.toHaveProperty('scope')
    expect(accepts({ scope: '  ' })).not.toHaveProperty('scope')
    expect(accepts({ scope: ' offline_access' }).scope).toBe('offline_access')
  })

  test('[CC-08] [R7591-03] unknown grants are intersected', () => {
    const grant_types = ['authorization_code', 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'implicit']
    expect(accepts({ grant_types }).grant_types).toEqual(['authorization_code', 'refresh_token'])
    expect(accepts({ response_types: ['token', 'code'] }).response_types).toEqual(['code'])
    expect(accepts({ response_types: [] }).response_types).toEqual(['code'])
  })

  test('[TOL-10] [AUTH-2026-07-28-19] a missing or odd application_type, and loopback with web', () => {
    expect(accepts({ application_type: undefined })).not.toHaveProperty('application_type')
    expect(accepts({ application_type: 'desktop' })).not.toHaveProperty('application_type')
    expect(
      accepts({ application_type: 'web', redirect_uris: ['http://localhost:1/callback'] }),
    ).toMatchObject({
      application_type: 'web',
    })
    expect(accepts({ application_type: 'native', redirect_uris: ['https://app.example/cb'] })).toBeDefined()
  })

  test('[TOL-10] [R7591-03] unknown members, and members of the wrong kind, are left out', () => {
    const answer = accepts({
      foo: 1,
      contacts: null,
      jwks: {},
      client_name: 7,
      scope: ['a'],
      software_id: null,
    })
    for (const name of ['foo', 'contacts', 'jwks', 'client_name', 'scope', 'software_id'])
      expect(answer).not.toHaveProperty(name)
  })

  test('[R7591-03] redirect_uris alone: the defaults of the standard, but for refresh', () => {
    const metadata = readClientMetadata({ redirect_uris: ['https://app.example/cb'] })
    expect(formatClientMetadata(metadata)).toEqual({
      redirect_uris: ['https://app.example/cb'],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    })
  })
})

describe('refused', () => {
  const redirect = { redirect_uris: ['https://app.example/cb'] }

  test.each<[string, unknown, string, string]>([
    ['[R7591-04] [RC-11] no redirect URI', { redirect_uris: [] }, 'invalid_redirect_uri', 'redirect_uris'],
    ['[R7591-04] redirect_uris missing', { client_name: 'x' }, 'invalid_redirect_uri', 'redirect_uris'],
    [
      'redirect_uris as text',
      { redirect_uris: 'https://app.example/cb' },
      'invalid_redirect_uri',
      'redirect_uris',
    ],
    [
      'redirect_uris with a number',
      { redirect_uris: ['https://app.example/cb', 1] },
      'invalid_redirect_uri',
      'redirect_uris',
    ],
    ['redirect_uris with null', { redirect_uris: [null] }, 'invalid_redirect_uri', 'redirect_uris'],
    [
      'too many redirect URIs',
      { redirect_uris: Array(21).fill('https://app.example/cb') },
      'invalid_redirect_uri',
      'redirect_uris',
    ],
    [
      '[R7591-04] one bad redirect URI among good ones',
      { redirect_uris: ['https://app.example/cb', 'javascript:1'] },
      'invalid_redirect_uri',
      'redirect_uris[1]',
    ],
    ['[RC-11] no grant', { ...redirect, grant_types: [] }, 'invalid_client_metadata', 'grant_types'],
    [
      '[OA21-29] another grant alone',
      { ...redirect, grant_types: ['client_credentials'] },
      'invalid_client_metadata',
      'grant_types',
    ],
    [
      '[OA21-29] another response type alone',
      { ...redirect, response_types: ['token'] },
      'invalid_client_metadata',
      'response_types',
    ],
    [
      'a method that is not offered',
      { ...redirect, token_endpoint_auth_method: 'private_key_jwt' },
      'invalid_client_metadata',
      'token_endpoint_auth_method',
    ],
    [
      'a method that is empty',
      { ...redirect, token_endpoint_auth_method: '' },
      'invalid_client_metadata',
      'token_endpoint_auth_method',
    ],
    ['null', null, 'invalid_client_metadata', ''],
    ['a list', [webClaude], 'invalid_client_metadata', ''],
    ['a text', 'x', 'invalid_client_metadata', ''],
    ['nothing', undefined, 'invalid_client_metadata', ''],
  ])('%s', (_, document, code, at) => {
    expect(clientMetadataProblems(document)[0]).toMatchObject({ code, at })
  })
})

describe('hostile texts', () => {
  const nameOf = (client_name: unknown): string | undefined =>
    readClientMetadata({ ...webClaude, client_name }).clientName

  test.each([
    ['direction override', 'Claude \u202egpj.exe', 'Claude gpj.exe'],
    ['isolates', '\u2066Claude\u2069', 'Claude'],
    ['zero width characters', 'Cl\u200bau\u200dde\ufeff', 'Claude'],
    ['line ends', 'Claude\r\nis trusted\u2028by us', 'Claudeis trustedby us'],
    ['control characters', 'Clau\0de\u001b[31m\u007f\u0085', 'Claude[31m'],
    ['invisible tags', 'Claude\u{e0041}', 'Claude'],
    ['half a surrogate pair', 'Clau\ud800de\udfff', 'Claude'],
    ['blanks around it', '  Claude\t', 'Claude'],
    ['nothing visible', '\u200b\u202e \n', undefined],
    ['empty', '', undefined],
    ['no text', { toString: 'x' }, undefined],
    ['markup stays text, for the page to escape', '<b>Claude</b> & co', '<b>Claude</b> & co'],
    ['a whole emoji', 'Claude \u{1f600}', 'Claude \u{1f600}'],
  ])('%s', (_, given, shown) => {
    expect(nameOf(given)).toBe(shown)
  })

  test('a long name is cut between characters', () => {
    const name = nameOf(`x${'\u{1f600}'.repeat(5000)}`) ?? ''
    expect([...name]).toHaveLength(1000)
    expect(name.isWellFormed()).toBe(true)
  })

  test.each([
    ['https://github.com/x', 'https://github.com/x'],
    ['javascript:alert(1)', undefined],
    ['http://app.example', undefined],
    ['data:image/svg+xml,x', undefined],
    ['https://', undefined],
    ['/relative', undefined],
    [7, undefined],
  ])('[R7591-06] an address of a client is https or nothing: %s', (given, kept) => {
    const metadata = readClientMetadata({ ...webClaude, client_uri: given, logo_uri: given })
    expect([metadata.clientUri, metadata.logoUri]).toEqual([kept, kept])
  })
})

describe('the answer to a registration', () => {
  const metadata = readClientMetadata(webClaude)

  test('[R7591-01] [R7591-02] a public client: no secret, and no word about one', () => {
    const answer = formatClientInformation({
      clientId: 'id',
      clientIdIssuedAt: 7,
      clientSecret: undefined,
      management: undefined,
      metadata,
    })
    expect(answer).toEqual({ client_id: 'id', client_id_issued_at: 7, ...webClaude })
    expect(JSON.stringify(answer)).not.toContain('null')
  })

  test('[R7591-02] a confidential client: its secret never expires', () => {
    const answer = formatClientInformation({
      clientId: 'id',
      clientIdIssuedAt: 7,
      clientSecret: 's',
      management: undefined,
      metadata,
    })
    expect(answer).toMatchObject({ client_secret: 's', client_secret_expires_at: 0 })
  })
})

describe('[HS-03] which registrations are one row', () => {
  const canonical = (changes: Record<string, unknown>): string =>
    canonicalClientMetadata(readClientMetadata({ ...webClaude, ...changes }))

  test('the loopback port and the order of redirects do not count', () => {
    expect(canonical({ redirect_uris: ['http://localhost:1/callback'] })).toBe(
      canonical({ redirect_uris: ['http://localhost:2/callback'] }),
    )
    expect(canonical({ redirect_uris: ['https://a.example/', 'https://b.example/'] })).toBe(
      canonical({ redirect_uris: ['https://b.example/', 'https://a.example/'] }),
    )
    expect(canonical({ unknown: 1 })).toBe(canonical({}))
  })

  test.each<[string, Record<string, unknown>]>([
    ['name', { client_name: 'Claude 2' }],
    ['redirect host', { redirect_uris: ['https://claude.com/api/mcp/auth_callback'] }],
    ['loopback host', { redirect_uris: ['http://127.0.0.1/callback'] }],
    ['method', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['address', { client_uri: 'https://claude.ai' }],
    ['scope', { scope: 'read' }],
    ['application_type', { application_type: 'native' }],
  ])('the %s does', (_, changes) => {
    expect(canonical(changes)).not.toBe(canonical({}))
    expect(canonical(changes)).not.toBe(canonical({ redirect_uris: ['http://localhost:1/callback'] }))
  })
})
