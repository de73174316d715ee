/** How a client says who it is at the token endpoint, encoded and not (OAuth 2.1 §2.4, RFC 6749 §2.3.1). */

import { describe, expect, test } from 'vitest'
import {
  type ClientAuthentication,
  formatBasicAuthentication,
  readClientAuthentication,
} from '../../src/oauth/client-authentication.ts'
import { OAuthError } from '../../src/oauth/errors.ts'

const url = 'https://app.example:8443/client.json'
const bytes = (...values: number[]): string => btoa(String.fromCharCode(...values))
const basic = (text: string): string => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`

function read(
  authorization: string | undefined,
  clientId?: string,
  clientSecret?: string,
): readonly ClientAuthentication[] {
  return readClientAuthentication(authorization, { clientId, clientSecret })
}

function refusal(...sent: Parameters<typeof read>): string {
  try {
    read(...sent)
  } catch (error) {
    if (error instanceof OAuthError) return error.code
    throw error
  }
  return 'accepted'
}

/** Whether one of the readings is this client with this secret. */
function means(readings: readonly ClientAuthentication[], clientId: string, secret: string): boolean {
  return readings.some((reading) => reading.clientId === clientId && reading.secrets.includes(secret))
}

describe('in the body', () => {
  test('[R7591-05] a public client', () => {
    expect(read(undefined, 'id')).toEqual([{ method: 'none', clientId: 'id', secrets: [] }])
  })

  test('[OA21-11] client_secret_post', () => {
    expect(read(undefined, 'id', 's:1%2B')).toEqual([
      { method: 'client_secret_post', clientId: 'id', secrets: ['s:1%2B'] },
    ])
  })

  test('a Bearer header beside it is not looked at', () => {
    expect(read('Bearer x', 'id')).toMatchObject([{ method: 'none', clientId: 'id' }])
  })
})

describe('[R6749-01] [OA21-11] Basic', () => {
  test.each([
    ['as it is', basic('id:secret'), 'id', 'secret'],
    ['the scheme in lower case', basic('id:secret').replace('Basic', 'basic'), 'id', 'secret'],
    ['several blanks', basic('id:secret').replace(' ', '   '), 'id', 'secret'],
    ['without padding', basic('id:secret').replaceAll('=', ''), 'id', 'secret'],
    ['as written here', formatBasicAuthentication('a b', 's:+%/\u00e9'), 'a b', 's:+%/\u00e9'],
    ['percent-encoded', basic('i%3Ad:s%2Bc'), 'i:d', 's+c'],
    ['form-encoded blanks', basic('a+b:c+d'), 'a b', 'c d'],
    ['raw plus, which was meant', basic('a+b:c+d'), 'a+b', 'c+d'],
    ['raw percent sign', basic('id:100%'), 'id', '100%'],
    ['raw percent that looks encoded', basic('id:a%41'), 'id', 'a%41'],
    ['encoded percent that looks raw', basic('id:a%41'), 'id', 'aA'],
    ['a colon in the secret', basic('id:a:b:c'), 'id', 'a:b:c'],
    ['a URL for an id, encoded', basic(`${encodeURIComponent(url)}:secret`), url, 'secret'],
    ['a URL for an id, raw as the MCP SDKs send it', basic(`${url}:secret`), url, 'secret'],
    ['letters that are not ASCII', basic('id:pass\u00f6'), 'id', 'pass\u00f6'],
    [
      'base64url letters',
      `Basic ${bytes(105, 100, 58, 0xc3, 0xbf, 0xc3, 0xbe).replaceAll('/', '_').replaceAll('+', '-')}`,
      'id',
      '\u00ff\u00fe',
    ],
  ])('%s', (_, header, clientId, secret) => {
    expect(means(read(header), clientId, secret)).toBe(true)
    // The same id in the body says nothing new.
    expect(means(read(header, clientId), clientId, secret)).toBe(true)
    expect(read(header, clientId).map((reading) => reading.clientId)).toEqual([clientId])
  })

  test('a secret belongs to the id that it was read with', () => {
    const readings = read(basic(`${url}:secret`))
    expect(means(readings, 'https', 'secret')).toBe(false)
    expect(means(readings, url, '//app.example:8443/client.json:secret')).toBe(false)
  })

  test('an empty password is a public client', () => {
    expect(read(basic('id:'))).toEqual([{ method: 'none', clientId: 'id', secrets: [] }])
    expect(read(basic(`${encodeURIComponent(url)}:`), url)).toEqual([
      { method: 'none', clientId: url, secrets: [] },
    ])
  })

  test.each([
    ['no credentials', 'Basic'],
    ['blank credentials', 'Basic '],
    ['no base64', 'Basic !!!!'],
    ['base64 with a blank inside', 'Basic aWQ6 c2VjcmV0'],
    ['padding in the middle', 'Basic aWQ=6c2VjcmV0'],
    ['too much padding', 'Basic aWQ6eA====='],
    ['a length that base64 cannot have', 'Basic aWQ6e'],
    ['no colon', basic('id')],
    ['bytes that are not UTF-8', `Basic ${bytes(105, 100, 58, 0xff, 0xfe)}`],
    ['Latin-1', `Basic ${bytes(105, 100, 58, 0xf6)}`],
    ['half a character', `Basic ${bytes(105, 100, 58, 0xc3)}`],
  ])('[OA21-13] invalid_client, and not taken for the id in the body: %s', (_, header) => {
    expect(refusal(header)).toBe('invalid_client')
    expect(refusal(header, 'id')).toBe('invalid_client')
  })
})

describe('refused', () => {
  test('[OA21-11] two methods in one request', () => {
    expect(refusal(basic('id:secret'), 'id', 'secret')).toBe('invalid_request')
    expect(refusal(basic('id:secret'), undefined, 'secret')).toBe('invalid_request')
  })

  test('another client in the body than in the header', () => {
    expect(refusal(basic('id:secret'), 'other')).toBe('invalid_request')
    expect(refusal(basic('id:secret'), 'ID')).toBe('invalid_request')
  })

  test('[ASU-12] nobody at all', () => {
    expect(refusal(undefined)).toBe('invalid_client')
    expect(refusal('Bearer x')).toBe('invalid_client')
    expect(refusal(undefined, undefined, 'secret')).toBe('invalid_client')
  })
})
