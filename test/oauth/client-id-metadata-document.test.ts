/** Client ids that are addresses of documents, and what such a document may say (CIMD draft §3 and §4). */

import { describe, expect, test } from 'vitest'
import { claudeCallbacks, claudeCodeCallbacks, pinnedClientDocuments } from '../../src/oauth/claude.ts'
import {
  clientIdMetadataDocumentProblems,
  clientIdUrlProblems,
  documentFreshness,
  documentFreshSeconds,
  isClientIdUrl,
  readClientIdMetadataDocument,
} from '../../src/oauth/client-id-metadata-document.ts'
import { trustRedirect } from '../../src/oauth/redirect-uri.ts'

const publicKey = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'one' }

describe('[CIMD-01] [AUTH-2025-11-25-12] the URL', () => {
  test.each([
    'https://claude.ai/oauth/mcp-oauth-client-metadata',
    'https://app.example/client.json',
    'https://app.example:8443/client',
    'https://app.example/client/',
    'https://app.example/a.b/..c/d...',
    'https://app.example/client?v=1',
    'https://app.example/%7Euser/client',
  ])('accepted: %s', (clientId) => {
    expect(isClientIdUrl(clientId)).toBe(true)
    expect(clientIdUrlProblems(clientId)).toEqual([])
  })

  test.each([
    ['http', 'http://app.example/client'],
    ['http on loopback', 'http://localhost/client'],
    ['another scheme', 'ftp://app.example/client'],
    ['no path', 'https://app.example'],
    ['the root alone', 'https://app.example/'],
    ['a query on the root', 'https://app.example/?client'],
    ['fragment', 'https://app.example/client#x'],
    ['empty fragment', 'https://app.example/client#'],
    ['user name', 'https://user@app.example/client'],
    ['password', 'https://user:secret@app.example/client'],
    ['the host as user name', 'https://claude.ai@evil.example/client'],
    ['a dot segment', 'https://app.example/a/../client'],
    ['a single dot', 'https://app.example/./client'],
    ['a dot segment at the end', 'https://app.example/client/..'],
    ['a dot segment before the query', 'https://app.example/client/..?x'],
    ['an encoded dot segment', 'https://app.example/a/%2e%2E/client'],
    ['a half encoded one', 'https://app.example/a/.%2e/client'],
    ['dots between backslashes', 'https://app.example/a\\..\\client'],
    ['a backslash', 'https://app.example\\client'],
    ['a blank', 'https://app.example/cli ent'],
    ['a blank after it', 'https://app.example/client '],
    ['a tab in the host', 'https://claude\t.ai/client'],
    ['a line end', 'https://app.example/client\n'],
    ['a host that is not ASCII', 'https://cl\u0430ude.ai/client'],
    ['direction override', 'https://app.example/\u202eclient'],
    ['too long', `https://app.example/${'a'.repeat(2000)}`],
    ['not a URL', 'https://'],
    ['empty', ''],
  ])('refused: %s', (_, clientId) => {
    expect(clientIdUrlProblems(clientId)).toMatchObject([{ code: 'invalid_client', at: 'client_id' }])
  })

  test('[CIMD-14] every spelling of https is a URL, so that none passes as a registered id', () => {
    expect(isClientIdUrl('HTTPS://app.example/client')).toBe(true)
    expect(isClientIdUrl('row.1.nonce.mac')).toBe(false)
    expect(isClientIdUrl('http://app.example/client')).toBe(false)
  })
})

const clientId = 'https://app.example/client.json'
const good = {
  client_id: clientId,
  client_name: 'An app',
  redirect_uris: ['https://app.example/cb', 'http://127.0.0.1/callback'],
}
const keyed = { ...good, token_endpoint_auth_method: 'private_key_jwt' }

describe('the document', () => {
  test('[AUTH-2025-11-25-14] the least that it must say is enough', () => {
    expect(clientIdMetadataDocumentProblems(clientId, good)).toEqual([])
    expect(readClientIdMetadataDocument(good)).toMatchObject({
      clientName: 'An app',
      redirectUris: good.redirect_uris,
      tokenEndpointAuthMethod: 'none',
    })
  })

  test('[CC-08] unknown members and grants are no problem', () => {
    const document = {
      ...good,
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      scope: '',
      tos_uri: 'https://app.example/tos',
    }
    expect(clientIdMetadataDocumentProblems(clientId, document)).toEqual([])
    expect(readClientIdMetadataDocument(document).grantTypes).toEqual(['authorization_code', 'refresh_token'])
  })

  test.each<[string, unknown, string]>([
    ['[CIMD-06] another client_id', { ...good, client_id: 'https://evil.example/client.json' }, 'client_id'],
    ['[CIMD-06] a slash more', { ...good, client_id: `${clientId}/` }, 'client_id'],
    ['[CIMD-06] other capitals', { ...good, client_id: 'https://APP.example/client.json' }, 'client_id'],
    ['[CIMD-06] no client_id', { ...good, client_id: undefined }, 'client_id'],
    ['[CIMD-06] a list that holds it', { ...good, client_id: [clientId] }, 'client_id'],
    ['[CIMD-07] a secret', { ...good, client_secret: 'x' }, 'client_secret'],
    ['[CIMD-07] an empty secret', { ...good, client_secret: '' }, 'client_secret'],
    ['[CIMD-07] a secret that expires', { ...good, client_secret_expires_at: 0 }, 'client_secret'],
    [
      '[CIMD-07] client_secret_post',
      { ...good, token_endpoint_auth_method: 'client_secret_post' },
      'token_endpoint_auth_method',
    ],
    [
      '[CIMD-07] client_secret_basic',
      { ...good, token_endpoint_auth_method: 'client_secret_basic' },
      'token_endpoint_auth_method',
    ],
    [
      '[CIMD-07] client_secret_jwt',
      { ...good, token_endpoint_auth_method: 'client_secret_jwt' },
      'token_endpoint_auth_method',
    ],
    [
      '[CIMD-13] a method with keys, and no keys',
      { ...good, token_endpoint_auth_method: 'private_key_jwt' },
      'jwks_uri',
    ],
    ['[CIMD-13] a private key', { ...keyed, jwks: { keys: [{ ...publicKey, d: 'x' }] } }, 'jwks'],
    ['[CIMD-13] a symmetric key', { ...keyed, jwks: { keys: [{ kty: 'oct', k: 'x' }] } }, 'jwks'],
    ['[CIMD-13] no key', { ...keyed, jwks: { keys: [] } }, 'jwks'],
    [
      '[CIMD-13] only a key to encrypt with',
      { ...keyed, jwks: { keys: [{ ...publicKey, use: 'enc' }] } },
      'jwks',
    ],
    ['[CIMD-13] more keys than anybody has', { ...keyed, jwks: { keys: Array(21).fill(publicKey) } }, 'jwks'],
    ['[CIMD-13] keys by plain http', { ...keyed, jwks_uri: 'http://app.example/jwks' }, 'jwks_uri'],
    [
      '[CIMD-13] keys in two places',
      { ...keyed, jwks: { keys: [publicKey] }, jwks_uri: 'https://app.example/jwks' },
      'jwks_uri',
    ],
    ['a method that is no text', { ...good, token_endpoint_auth_method: 1 }, 'token_endpoint_auth_method'],
    ['[AUTH-2025-11-25-14] no name', { ...good, client_name: undefined }, 'client_name'],
    ['a blank name', { ...good, client_name: ' ' }, 'client_name'],
    ['[AUTH-2025-11-25-14] no redirect URI', { ...good, redirect_uris: [] }, 'redirect_uris'],
    ['[CIMD-08] a redirect URI that runs', { ...good, redirect_uris: ['javascript:1'] }, 'redirect_uris[0]'],
    ['a grant that is not offered', { ...good, grant_types: ['client_credentials'] }, 'grant_types'],
    ['a list', [good], 'client_id'],
    ['a text', 'x', 'client_id'],
    ['null', null, 'client_id'],
    ['nothing', undefined, 'client_id'],
  ])('refused: %s', (_, document, at) => {
    expect(clientIdMetadataDocumentProblems(clientId, document)[0]).toMatchObject({
      code: 'invalid_client',
      at,
    })
  })
})

describe('[CIMD-13] keys', () => {
  const methodOf = (changes: Record<string, unknown>): string => {
    const document = { ...good, ...changes }
    expect(clientIdMetadataDocumentProblems(clientId, document)).toEqual([])
    return readClientIdMetadataDocument(document).tokenEndpointAuthMethod
  }

  test('published without a method are meant to be used; `none` beside them stays none', () => {
    const jwks = { keys: [publicKey] }
    const method = undefined
    expect(methodOf({ token_endpoint_auth_method: method, jwks })).toBe('private_key_jwt')
    expect(methodOf({ token_endpoint_auth_method: method, jwks_uri: 'https://app.example/jwks' })).toBe(
      'private_key_jwt',
    )
    expect(methodOf({ token_endpoint_auth_method: 'none', jwks })).toBe('none')
    expect(methodOf({ token_endpoint_auth_method: method })).toBe('none')
  })
})

describe("[CC-08] Claude's own two documents", () => {
  test.each(Object.entries(pinnedClientDocuments))('%s', (address, document) => {
    expect(clientIdUrlProblems(address)).toEqual([])
    expect(clientIdMetadataDocumentProblems(address, document)).toEqual([])
    const metadata = readClientIdMetadataDocument(document)
    expect(metadata).toMatchObject({
      tokenEndpointAuthMethod: 'none',
      grantTypes: ['authorization_code', 'refresh_token'],
      applicationType: undefined,
    })
    expect(metadata.clientName).toMatch(/^Claude/)
  })

  test('[R8252-03] [CIMD-08] their redirects are trusted, loopback on any port', () => {
    const redirectsOf = (address: string): readonly string[] =>
      readClientIdMetadataDocument(pinnedClientDocuments[address]).redirectUris
    const hosted = redirectsOf('https://claude.ai/oauth/mcp-oauth-client-metadata')
    const code = redirectsOf('https://claude.ai/oauth/claude-code-client-metadata')
    expect(trustRedirect(claudeCallbacks[0] ?? '', hosted)).toBeDefined()
    for (const host of ['localhost', '127.0.0.1'])
      expect(trustRedirect(`http://${host}:40123/callback`, code)).toBeDefined()
    expect(trustRedirect('http://localhost:40123/callback', hosted)).toBeUndefined()
    expect(trustRedirect(claudeCallbacks[0] ?? '', code)).toBeUndefined()
    expect(code).toEqual(claudeCodeCallbacks)
  })
})

describe('[CIMD-09] how long a document is used without asking again', () => {
  const { minimumSeconds, maximumSeconds } = documentFreshness

  test.each([
    ['what Claude Code is served with', 'public, max-age=300', 300],
    ['within the limits', 'max-age=7200', 7200],
    ['in capitals', 'Public,MAX-AGE=7200', 7200],
    ['quoted', 'max-age="7200"', 7200],
    ['shorter than the minimum', 'max-age=0', minimumSeconds],
    ['longer than the maximum', 'max-age=31536000', maximumSeconds],
    ['longer than any number', `max-age=${'9'.repeat(400)}`, maximumSeconds],
    ['for shared caches only', 's-maxage=60', 3600],
    ['not to be stored', 'no-store', minimumSeconds],
    ['not to be used unasked', 'no-cache, max-age=86400', minimumSeconds],
    ['garbage', 'max-age=soon', 3600],
    ['negative', 'max-age=-5', 3600],
    ['empty', '', 3600],
    ['absent', null, 3600],
  ])('%s', (_, header, seconds) => {
    expect(documentFreshSeconds(header)).toBe(seconds)
  })
})
