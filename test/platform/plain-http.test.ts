// The light Request, Response and Headers do what the runtime's own do.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HangUp, HangUpSource, signalFor } from '../../src/platform/hang-up.ts'
import { PlainHeaders } from '../../src/platform/plain-headers.ts'
import { asRequest, lightRequestClass, PlainRequest, pathOf } from '../../src/platform/plain-request.ts'
import { asResponse, lightResponseClass, PlainResponse } from '../../src/platform/plain-response.ts'

const LightResponse = lightResponseClass()
const LightRequest = lightRequestClass()

describe('headers', () => {
  const name = fc.constantFrom('Accept', 'accept', 'X-A', 'set-cookie', 'Set-Cookie', 'content-type')
  const value = fc.string({ maxLength: 8 })
  const command = fc.oneof(
    fc.tuple(fc.constantFrom('set' as const, 'append' as const), name, value),
    fc.tuple(fc.constant('delete' as const), name, fc.constant('')),
  )

  test("after any sequence of changes they hold what the runtime's own hold, and refuse what those refuse", () => {
    const run = (headers: Headers, commands: ['set' | 'append' | 'delete', string, string][]): unknown[] =>
      commands.map(([verb, header, text]) => {
        try {
          if (verb === 'delete') headers.delete(header)
          else headers[verb](header, text)
          return 'done'
        } catch (error) {
          return (error as Error).name
        }
      })
    fc.assert(
      fc.property(fc.array(command, { maxLength: 10 }), (commands) => {
        const [real, plain] = [new Headers(), new PlainHeaders()]
        expect(run(plain, commands)).toEqual(run(real, commands))
        expect([...plain].sort()).toEqual([...real].sort())
        expect(plain.getSetCookie()).toEqual(real.getSetCookie())
        for (const header of ['accept', 'X-A', 'SET-COOKIE', 'none']) {
          expect(plain.get(header)).toBe(real.get(header))
          expect(plain.has(header)).toBe(real.has(header))
        }
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['a\nb', 'x'],
    ['a b', 'x'],
    ['', 'x'],
    ['a', 'b\r\nc: d'],
    ['a', 'b\0'],
  ])('%j: %j is refused', (header, text) => {
    expect(() => new PlainHeaders().set(header, text)).toThrow(TypeError)
    expect(() => new PlainHeaders({ [header]: text })).toThrow(TypeError)
  })

  test('a real Request and Response take them', () => {
    const headers = new PlainHeaders({ 'x-a': '1' })
    expect(new Request('http://a.example', { headers: [...headers] }).headers.get('x-a')).toBe('1')
    expect(headers).toBeInstanceOf(Headers)
  })
})

describe('responses', () => {
  const made: [string, (kind: typeof Response) => Response][] = [
    ['of text', (kind) => new kind('text', { status: 201, headers: { 'x-a': '1' } })],
    ['of bytes', (kind) => new kind(new Uint8Array([1, 2, 3]))],
    ['of a part of bytes', (kind) => new kind(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))],
    ['of nothing', (kind) => new kind(null, { status: 204 })],
    ['of JSON', (kind) => kind.json({ a: 'ä' }, { status: 400, headers: { 'x-a': '1' } })],
    [
      'of a stream',
      (kind) => new kind(new Blob(['streamed']).stream(), { headers: { 'content-type': 'text/a' } }),
    ],
    ['of a form', (kind) => new kind(new URLSearchParams({ a: 'b c' }))],
    [
      'of light headers',
      (kind) => new kind('x', { headers: new PlainHeaders({ 'content-type': 'text/b' }) }),
    ],
  ]

  test.each(made)('%s', async (_, make) => {
    const described = async (response: Response): Promise<unknown> => ({
      status: response.status,
      ok: response.ok,
      headers: [...response.headers].sort(),
      isBodyThere: response.body !== null,
      bytes: [...new Uint8Array(await response.arrayBuffer())],
    })
    const [light, real] = [make(LightResponse), make(Response)]
    expect(light).toBeInstanceOf(Response)
    expect(light).toBeInstanceOf(LightResponse)
    expect(await described(light)).toEqual(await described(real))
    expect(await described(PlainResponse.realOf(make(LightResponse)))).toEqual(
      await described(make(Response)),
    )
  })

  test('a body is read once', async () => {
    const response = new LightResponse('once')
    expect(response.bodyUsed).toBe(false)
    expect(await response.clone().text()).toBe('once')
    const other = new LightResponse('once')
    expect(await other.text()).toBe('once')
    expect(other.bodyUsed).toBe(true)
    await expect(other.text()).rejects.toThrow(TypeError)
    expect(() => PlainResponse.realOf(other)).toThrow(TypeError)
  })

  test('what is handed out to be written is not handed out again', () => {
    const response = asResponse(new PlainResponse('x'))
    expect(PlainResponse.partsOf(response)?.body).toBe('x')
    expect(PlainResponse.partsOf(response)).toBeUndefined()
  })

  test.each([99, 600, 1000])('%d is no status', (status) => {
    expect(() => new LightResponse('', { status })).toThrow(RangeError)
  })
})

describe('requests', () => {
  const light = (body?: Uint8Array): Request =>
    asRequest(
      new PlainRequest({
        method: body === undefined ? 'GET' : 'POST',
        url: 'http://a.example/mcp?x=1',
        headers: new PlainHeaders({ 'content-type': 'application/json' }),
        body: body && (async () => body),
        hangUp: () => new HangUpSource(),
      }),
    )
  const body = new TextEncoder().encode('{"a":1}')

  test('a body that is there already is taken once, and by one alone', async () => {
    const here = (): Request =>
      asRequest(
        new PlainRequest({
          method: 'POST',
          url: 'http://a.example/mcp',
          headers: new PlainHeaders(),
          body,
          hangUp: () => new HangUpSource(),
        }),
      )
    const request = here()
    expect(PlainRequest.takeBody(request)).toBe(body)
    expect(request.bodyUsed).toBe(true)
    expect(PlainRequest.takeBody(request)).toBeUndefined()
    await expect(request.text()).rejects.toThrow(TypeError)
    const read = here()
    expect(await read.json()).toEqual({ a: 1 })
    expect(PlainRequest.takeBody(read)).toBeUndefined()
    expect(PlainRequest.takeBody(light(body))).toBeUndefined()
    expect(await new Response(here().body).text()).toBe('{"a":1}')
  })

  test('is one, and reads as one', async () => {
    expect(light()).toBeInstanceOf(Request)
    expect(await light(body).json()).toEqual({ a: 1 })
    expect(await light(body).text()).toBe('{"a":1}')
    expect(new Uint8Array(await light(body).arrayBuffer())).toEqual(new Uint8Array(body))
    expect(light().body).toBeNull()
    expect(await new Response(light(body).body).text()).toBe('{"a":1}')
    expect(light().redirect).toBe('follow')
  })

  test('a copy of it is real, and can be made while nothing was read', async () => {
    const request = light(body)
    expect(await request.clone().text()).toBe('{"a":1}')
    expect(await request.text()).toBe('{"a":1}')
    expect(await new LightRequest(light(body), { headers: { 'x-a': '1' } }).text()).toBe('{"a":1}')
    await expect(request.text()).rejects.toThrow(TypeError)
  })

  test('a light one is made of an address and a body that is there; of all else a real one', async () => {
    const request = new LightRequest('http://a.example/a b', {
      method: 'POST',
      body: '{}',
      headers: { a: 'b' },
    })
    expect(PlainRequest.isPlain(request)).toBe(true)
    expect(request.url).toBe('http://a.example/a%20b')
    expect(await request.text()).toBe('{}')
    expect(PlainRequest.isPlain(new LightRequest(new URL('http://a.example')))).toBe(false)
    expect(PlainRequest.isPlain(new LightRequest('http://a.example', { redirect: 'error' }))).toBe(false)
    expect(() => new LightRequest('no address')).toThrow(TypeError)
  })

  test('its path is the path of its address', () => {
    for (const url of [
      'http://a.example/',
      'http://a.example/a/b?c=/d',
      'https://a.example:1//x',
      'http://a.example/%41?',
    ]) {
      const request = asRequest(
        new PlainRequest({
          method: 'GET',
          url,
          headers: new PlainHeaders(),
          body: undefined,
          hangUp: () => AbortSignal.abort(),
        }),
      )
      expect(pathOf(request)).toBe(new URL(url).pathname)
    }
  })
})

describe('hanging up', () => {
  const heard = (hangUp: HangUp): string[] => {
    const said: string[] = []
    hangUp.addEventListener('abort', () => said.push('over'), { once: true })
    return said
  }

  test('is told once, to those who listen at that time', () => {
    const hangUp = new HangUpSource()
    const said = heard(hangUp)
    const left: string[] = []
    const leave = (): void => void left.push('over')
    hangUp.addEventListener('abort', leave)
    hangUp.removeEventListener('abort', leave)
    expect([hangUp.aborted, hangUp.reason]).toEqual([false, undefined])
    hangUp.abort()
    hangUp.abort()
    expect([said, left]).toEqual([['over'], []])
    expect(hangUp.reason).toMatchObject({ name: 'AbortError' })
  })

  test('a listener that listens no more while it is told takes no other with it', () => {
    const hangUp = new HangUpSource()
    const first = (): void => hangUp.removeEventListener('abort', first)
    hangUp.addEventListener('abort', first)
    const said = heard(hangUp)
    hangUp.abort()
    expect(said).toEqual(['over'])
  })

  test('whoever needs a signal of the runtime gets one, before and after', () => {
    const hangUp = new HangUpSource()
    const { signal } = hangUp
    expect(signal).toBeInstanceOf(AbortSignal)
    expect(new Request('http://a.example', { signal }).signal.aborted).toBe(false)
    hangUp.abort()
    expect(signal.aborted).toBe(true)
    const late = new HangUpSource()
    late.abort()
    expect(late.signal.aborted).toBe(true)
  })

  test('only who knows of it gets it as it is', () => {
    const hangUp = new HangUpSource()
    expect(signalFor(fetch, hangUp)).toBe(hangUp.signal)
    expect(signalFor(Request, hangUp)).toBe(hangUp.signal)
    expect(signalFor(LightRequest, hangUp)).toBe(hangUp)
    const real = new LightRequest(new URL('http://a.example'), { signal: signalFor(LightRequest, hangUp) })
    expect(PlainRequest.isPlain(real)).toBe(false)
    hangUp.abort()
    expect(real.signal.aborted).toBe(true)
  })
})
