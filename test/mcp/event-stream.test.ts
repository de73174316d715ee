/** Server-sent events as any server may write them and any network may cut them (WHATWG HTML §9.2). */

import { describe, expect, test } from 'vitest'
import {
  EventTooLargeError,
  eventStreamHeaders,
  formatServerSentEvent,
  keepAliveComment,
  readServerSentEvents,
  type ServerSentEvent,
} from '../../src/mcp/event-stream.ts'

const encoder = new TextEncoder()

function streamOf(...chunks: Array<string | Uint8Array>): ReadableStream<Uint8Array> {
  const bytes = chunks.map((chunk) => (typeof chunk === 'string' ? encoder.encode(chunk) : chunk))
  return new ReadableStream({
    pull(controller) {
      const next = bytes.shift()
      if (next === undefined) controller.close()
      else controller.enqueue(next)
    },
  })
}

async function read(stream: ReadableStream<Uint8Array>, maximum?: number): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = []
  for await (const event of readServerSentEvents(stream, maximum)) events.push(event)
  return events
}

function event(data: string, others: Partial<ServerSentEvent> = {}): ServerSentEvent {
  return { event: undefined, data, id: undefined, retryMs: undefined, ...others }
}

describe('[HTTP-2025-03-26-11] reading', () => {
  test.each<[string, string, ServerSentEvent[]]>([
    ['one event', 'data: a\n\n', [event('a')]],
    [
      'all fields',
      'event: message\nid: 7\nretry: 250\ndata: a\n\n',
      [event('a', { event: 'message', id: '7', retryMs: 250 })],
    ],
    ['several lines of data', 'data: a\ndata: b\ndata:\ndata: c\n\n', [event('a\nb\n\nc')]],
    ['no blank after the colon', 'data:a\n\n', [event('a')]],
    ['only the first blank goes', 'data:  a \n\n', [event(' a ')]],
    ['a tab stays', 'data:\ta\n\n', [event('\ta')]],
    ['a field without a colon', 'data\n\n', [event('')]],
    ['a colon in the value', 'data: {"a":"b: c"}\n\n', [event('{"a":"b: c"}')]],
    ['LF', 'data: a\n\ndata: b\n\n', [event('a'), event('b')]],
    ['CR', 'data: a\r\rdata: b\r\r', [event('a'), event('b')]],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', [event('a'), event('b')]],
    ['all kinds of line ends', 'data: a\rdata: b\r\ndata: c\n\r\n\r', [event('a\nb\nc')]],
    ['other line ends are data', 'data: a\u2028b\u0085c\vd\n\n', [event('a\u2028b\u0085c\vd')]],
    ['blank lines alone are nothing', '\n\n\r\n\r\n\r', []],
    ['a byte order mark at the start', '\ufeffdata: a\n\n', [event('a')]],
    ['a byte order mark later is part of a name', 'data: a\n\n\ufeffdata: b\n\n', [event('a')]],
    ['a second byte order mark is part of a name', '\ufeff\ufeffdata: a\n\n', []],
    ['[HTTP-2026-07-28-27] comments', ': keep-alive\n\n:\n: data: x\ndata: a\n:x\n\n', [event('a')]],
    ['unknown fields', 'foo: 1\nData: x\n data: y\ndata: a\nfoo\n\n', [event('a')]],
    ['an unfinished event is dropped', 'data: a\n\ndata: b\n', [event('a')]],
    ['an unfinished line is dropped', 'data: a\n\ndata: b', [event('a')]],
    ['the last event type counts', 'event: a\nevent: b\ndata: x\n\n', [event('x', { event: 'b' })]],
    ['an empty event type is none', 'event: a\nevent:\ndata: x\n\n', [event('x')]],
    ['types do not last', 'event: a\ndata: x\n\ndata: y\n\n', [event('x', { event: 'a' }), event('y')]],
    ['[HTTP-2025-11-25-12] a priming event', 'id: 1\ndata:\n\n', [event('', { id: '1' })]],
    ['[HTTP-2025-11-25-14] a delay alone', 'retry: 500\n\n', [event('', { retryMs: 500 })]],
    ['an empty id', 'id\ndata: a\n\n', [event('a', { id: '' })]],
    ['an id with a null character is ignored', 'id: 1\0\ndata: a\n\n', [event('a')]],
    [
      'a delay that is no number is ignored',
      'retry: soon\nretry: -1\nretry: 1.5\nretry: 1e3\nretry:\ndata: a\n\n',
      [event('a')],
    ],
    ['a delay beyond any number is ignored', `retry: ${'9'.repeat(400)}\ndata: a\n\n`, [event('a')]],
    ['empty', '', []],
  ])('%s', async (_, text, events) => {
    expect(await read(streamOf(text))).toEqual(events)
    // Wherever the network cuts: here after each single byte.
    const bytes = [...encoder.encode(text)].map((byte) => Uint8Array.of(byte))
    expect(await read(streamOf(...bytes))).toEqual(events)
  })

  test('letters of several bytes survive any cut, and broken ones do no harm', async () => {
    const bytes = encoder.encode('data: \u{1f600}\u00e9\n\n')
    for (let cut = 0; cut <= bytes.length; cut++)
      expect(await read(streamOf(bytes.subarray(0, cut), bytes.subarray(cut)))).toEqual([
        event('\u{1f600}\u00e9'),
      ])
    const broken = Uint8Array.of(...encoder.encode('data: '), 0xff, 0xc3, 0x0a, 0x0a)
    expect(await read(streamOf(broken))).toEqual([event('\ufffd\ufffd')])
  })

  test('an event is told at once, also when its lines end in CR and nothing follows', async () => {
    for (const ending of ['\n\n', '\r\r', '\r\n\r\n']) {
      const { promise: waiting, resolve: end } = Promise.withResolvers<void>()
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(encoder.encode(`data: a${ending}`)),
        pull: () => waiting,
      })
      const events = readServerSentEvents(stream)
      expect((await events.next()).value, JSON.stringify(ending)).toEqual(event('a'))
      end()
      await events.return(undefined)
    }
  })

  test('a reader that has enough lets go of the stream', async () => {
    let isCancelled = false
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encoder.encode('data: a\n\n')),
      cancel() {
        isCancelled = true
      },
    })
    for await (const _ of readServerSentEvents(stream)) break
    expect(isCancelled).toBe(true)
  })

  test('a stream that breaks throws its own error, after the events before it', async () => {
    const seen: string[] = []
    let pulls = 0
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ === 0) controller.enqueue(encoder.encode('data: a\n\ndata: b'))
        else controller.error(new Error('the line is dead'))
      },
    })
    const reading = (async () => {
      for await (const { data } of readServerSentEvents(stream)) seen.push(data)
    })()
    await expect(reading).rejects.toThrow('the line is dead')
    expect(seen).toEqual(['a'])
  })
})

describe('no event grows without end', () => {
  const cut = (text: string): string[] => text.match(/[\s\S]{1,3}/g) ?? []
  const each = async (text: string, maximum: number): Promise<Array<number | string>> => {
    const results: Array<number | string> = []
    for (const chunks of [[text], cut(text), [...text]])
      results.push(
        await read(streamOf(...chunks), maximum).then(
          (events) => events.length,
          (error: Error) => error.name,
        ),
      )
    return results
  }

  test.each<[string, string, number | string]>([
    ['exactly the limit', `data: ${'a'.repeat(14)}\n\n`, 1],
    ['one more', `data: ${'a'.repeat(15)}\n\n`, 'EventTooLargeError'],
    ['in several lines', 'data: aaaaa\ndata: bbbbb\n\n', 'EventTooLargeError'],
    ['in empty lines of data', 'data\n'.repeat(6), 'EventTooLargeError'],
    ['a line without end', `data: ${'a'.repeat(50)}`, 'EventTooLargeError'],
    ['a comment without end', `:${'a'.repeat(50)}`, 'EventTooLargeError'],
    ['many small events in one chunk', 'data: abc\n\n'.repeat(50), 50],
    ['many comments', ': keep-alive\n'.repeat(50), 0],
    ['many unknown fields', 'foo: bar\n'.repeat(50), 0],
  ])('%s, however it is cut', async (_, text, outcome) => {
    expect(await each(text, 20)).toEqual([outcome, outcome, outcome])
  })

  test('the refusal says how much is let through', async () => {
    await expect(read(streamOf('data: aaaaaaaa\n\n'), 5)).rejects.toThrow(EventTooLargeError)
    await expect(read(streamOf('data: aaaaaaaa\n\n'), 5)).rejects.toThrow('5 characters')
  })

  test('one line of many megabytes in small chunks is looked at once, not once for each chunk', async () => {
    // Searched anew from its beginning for each chunk, this line would take a hundred thousand million steps.
    const part = encoder.encode('a'.repeat(4096))
    let left = 8192
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left === 8192) controller.enqueue(encoder.encode('data: '))
        if (left-- > 0) return controller.enqueue(part)
        controller.enqueue(encoder.encode('\n\n'))
        controller.close()
      },
    })
    const [whole] = await read(stream)
    expect(whole?.data.length).toBe(8192 * 4096)
  })
})

describe('writing', () => {
  test.each<[string, Partial<ServerSentEvent>, string]>([
    ['data alone', { data: 'a' }, 'data: a\n\n'],
    [
      'every field',
      { event: 'message', id: '7', retryMs: 5, data: 'a' },
      'event: message\nid: 7\nretry: 5\ndata: a\n\n',
    ],
    ['[HTTP-2025-11-25-12] a priming event', { id: '1', data: '' }, 'id: 1\ndata: \n\n'],
    ['lines of data', { data: 'a\nb\r\nc\rd' }, 'data: a\ndata: b\ndata: c\ndata: d\n\n'],
    [
      'a line end in data starts no field',
      { data: 'a\nevent: evil\n\ndata: b' },
      'data: a\ndata: event: evil\ndata: \ndata: data: b\n\n',
    ],
    [
      'a line end in a type or id starts no field',
      { event: 'a\ndata: x', id: 'b\r\n\r\nc\0', data: '' },
      'event: a data: x\nid: b    c \ndata: \n\n',
    ],
  ])('%s', (_, given, text) => {
    expect(formatServerSentEvent(given)).toBe(text)
  })

  test('what is written is read again', async () => {
    const events = [
      event(' a\n\nb ', { event: 'message', id: 'x:y', retryMs: 0 }),
      event('{"jsonrpc":"2.0"}'),
      event('', { id: '1' }),
    ]
    const text = events.map(formatServerSentEvent).join(keepAliveComment)
    expect(await read(streamOf(text))).toEqual(events)
  })

  test('[GW-13] the headers keep proxies from holding events back', () => {
    expect(eventStreamHeaders).toEqual({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    expect(keepAliveComment).toMatch(/^:.*\n\n$/)
  })
})
