// An address that a person gives: held to the operator's pattern, asked only where it is public, and never told what is not its business (house rule 10).

import { describe, expect, test } from 'vitest'
import { type UserSuppliedOptions, urlUpstream, userSupplied } from '../../src/index.ts'
import { type Door, openDoor } from '../door.ts'
import { keyedUpstream } from './keyed-upstream.ts'
import { listen } from './loopback-server.ts'
import { visitor, whoami } from './people.ts'

const key = 'credential_field_key'
const account = 'credential_field_account'

function supplied(address: Partial<UserSuppliedOptions['fields'][number]>, rest: object = {}) {
  return userSupplied({
    fields: [
      {
        name: 'account',
        label: 'Account address',
        type: 'url',
        pattern: 'https://[a-z]+\\.example\\.com',
        ...address,
      },
      { name: 'key', label: 'API key' },
    ],
    headers: { Authorization: 'Bearer {key}' },
    url: '{account}/mcp',
    ...rest,
  })
}

async function openAt(
  credential: ReturnType<typeof supplied>,
  headers: Record<string, string> = {},
): Promise<Door> {
  const upstream = urlUpstream({ url: 'http://127.0.0.1:9/nobody-listens-here', headers })
  return openDoor({ connector: { name: 'Example', upstream, credential } })
}

describe('the pattern is for all of the address', () => {
  test.each([
    'https://evil.example.net',
    'https://evil.net/https://a.example.com',
    'https://a.example.com.evil.net',
    'https://evil.net#a.example.com',
    'https://a.example.com@evil.net',
    'https://a.example.com:8443',
    'https://a.example.com/../../evil',
    'http://a.example.com',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://a.example.com?x=https://a.example.com',
  ])('%s is refused on the page, and nobody is asked', async (typed) => {
    const door = await openAt(supplied({}))
    const answer = await (await (await visitor(door, 'ada')).ask()).answer({ [account]: typed, [key]: 'k' })
    expect(answer.status).toBe(400)
    expect(answer.html).toMatch(/does not look as it should|no https address/)
    expect(door.events.filter(({ name }) => name.startsWith('credential.'))).toEqual([])
  })

  test('what a person left out or wrote in another way is one spelling', () => {
    const { read } = supplied({})
    for (const typed of ['a.example.com', 'HTTPS://A.EXAMPLE.COM/', ' https://a.example.com// '.trim()])
      expect(
        read(
          new Map([
            ['account', typed],
            ['key', 'k'],
          ]),
        ),
      ).toEqual({
        outcome: 'ready',
        values: { account: 'https://a.example.com', key: 'k' },
      })
  })
})

describe('where it leads', () => {
  test('an address that is not public is not asked, whatever the pattern lets through', async () => {
    let asked = 0
    const origin = await listen(() => {
      asked++
      return Response.json({})
    })
    const host = new URL(origin).host
    for (const typed of [`https://${host}`, 'https://10.0.0.1', 'https://localhost', 'https://[::1]']) {
      const door = await openAt(supplied({ pattern: '.*' }))
      const answer = await (await (await visitor(door, 'ada')).ask()).answer({ [account]: typed, [key]: 'k' })
      expect([typed, answer.status]).toEqual([typed, 502])
      expect(answer.html).toContain('could not be checked')
      expect(await door.storage.listCredentials({}, 1)).toEqual([])
    }
    expect(asked).toBe(0)
  })

  test('where the operator allows its own network, each person’s calls go to their own address with their own key, and without the operator’s headers', async () => {
    const [ada, bob] = [keyedUpstream({ 'k-a': 'Ada' }), keyedUpstream({ 'k-b': 'Bob' })]
    const [adas, bobs] = [await listen(ada.handler), await listen(bob.handler)]
    const credential = supplied({ pattern: 'http://127\\.0\\.0\\.1:[0-9]+', allowPrivateAddresses: true })
    const door = await openAt(credential, { 'X-Operator': 'secret of the operator' })
    const pasted = async (name: string, address: string, typed: string) =>
      (await (await (await visitor(door, name)).ask()).answer({ [account]: address, [key]: typed })).connect()
    const [a, b] = await Promise.all([pasted('ada', adas, 'k-a'), pasted('bob', bobs, 'k-b')])
    const said = await Promise.all(
      Array.from({ length: 20 }, (_, at) => whoami(door, at % 2 === 0 ? a.accessToken : b.accessToken)),
    )
    expect(said).toEqual(said.map((_, at) => (at % 2 === 0 ? 'you are Ada' : 'you are Bob')))
    const headers = [...ada.calls, ...bob.calls].map((call) => call.headers.get('x-operator'))
    expect(headers.every((value) => value === null)).toBe(true)

    // Each other's address with an own key is nobody's account.
    const strayed = await (await (await visitor(door, 'cleo')).ask()).answer({
      [account]: adas,
      [key]: 'k-b',
    })
    expect(strayed.status).toBe(403)
  })
})

describe('a check at an address of its own', () => {
  const api = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (pathname !== '/v1/me') return Response.json({ error: { message: 'no such thing' } }, { status: 404 })
    if (request.headers.get('authorization') !== 'Bearer k-1')
      return Response.json({ error: { message: 'Invalid API key <script>' } }, { status: 401 })
    return Response.json({ user: { email: 'ada@example.com' } })
  }
  const checked = (url: string) =>
    userSupplied({
      fields: [{ name: 'key', label: 'API key' }],
      headers: { Authorization: 'Bearer {key}' },
      check: { url, accountName: 'user.email' },
    })

  test('says whose account it is, which the page says at the next consent', async () => {
    const server = keyedUpstream({ 'k-1': 'Ada' })
    const credential = checked(`${await listen(api)}/v1/me`)
    const door = await openDoor({ connector: { name: 'Example', upstream: server.upstream, credential } })
    const ada = await visitor(door, 'ada')
    const { accessToken } = await (await (await ada.ask()).answer({ [key]: 'k-1' })).connect()
    expect(await whoami(door, accessToken)).toBe('you are Ada')
    expect((await ada.ask()).html).toMatch(/Your account <bdi>ada@example\.com<\/bdi>/)
  })

  test('shows the upstream’s words, escaped and no more than 300 characters of them', async () => {
    const server = keyedUpstream({})
    const credential = checked(`${await listen(api)}/v1/me`)
    const door = await openDoor({ connector: { name: 'Example', upstream: server.upstream, credential } })
    const answer = await (await (await visitor(door, 'ada')).ask()).answer({ [key]: 'wrong' })
    expect(answer.status).toBe(403)
    expect(answer.html).toContain('“Invalid API key &lt;script&gt;”')

    const talker = checked(await listen(() => new Response('x'.repeat(5000), { status: 401 })))
    const other = await openDoor({
      connector: { name: 'Example', upstream: server.upstream, credential: talker },
    })
    const said = await (await (await visitor(other, 'ada')).ask()).answer({ [key]: 'wrong' })
    expect(/“(x+…?)”/.exec(said.html)?.[1]).toHaveLength(300)
  })

  test.each([
    ['another error', () => new Response('oops', { status: 500 })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://example.com/' } })],
  ])('%s is not taken for a yes', async (_, handler) => {
    const server = keyedUpstream({ 'k-1': 'Ada' })
    const credential = checked(await listen(handler))
    const door = await openDoor({ connector: { name: 'Example', upstream: server.upstream, credential } })
    const answer = await (await (await visitor(door, 'ada')).ask()).answer({ [key]: 'k-1' })
    expect(answer.status).toBe(502)
    expect(await door.storage.listCredentials({}, 1)).toEqual([])
  })
})

test.each<[string, Partial<UserSuppliedOptions>]>([
  [
    'an address without a pattern',
    { fields: [{ name: 'a', label: 'A', type: 'url' }], headers: { X: '{a}' } },
  ],
  ['a template that names no field', { headers: { Authorization: '{other}' } }],
  ['a field that goes nowhere', { headers: { Authorization: 'fixed' } }],
  ['a header of the transport', { headers: { Host: '{key}' } }],
  ['a variable of Postern', { environment: { POSTERN_MASTER_KEY: '{key}' } }],
  ['no field', { fields: [] }],
  ['a help link that is no https', { headers: { A: '{key}' }, helpUrl: 'javascript:alert(1)' }],
])('%s is refused when it is made', (_, changes) => {
  expect(() => userSupplied({ fields: [{ name: 'key', label: 'Key' }], ...changes })).toThrow(TypeError)
})
