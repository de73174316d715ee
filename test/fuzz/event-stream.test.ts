/** Fuzz: where a network cuts a stream of events makes no difference to the events (WHATWG HTML §9.2). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  EventTooLargeError,
  formatServerSentEvent,
  readServerSentEvents,
  type ServerSentEvent,
} from '../../src/mcp/event-stream.ts'
import { runs } from './runs.ts'

const encoder = new TextEncoder()

/** The stream, cut at these places. */
function cutStream(bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> {
  const places = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const chunks = places.slice(1).map((end, index) => bytes.slice(places[index], end))
  return new ReadableStream({
    pull(controller) {
      const next = chunks.shift()
      if (next === undefined) controller.close()
      else controller.enqueue(next)
    },
  })
}

type Outcome = { events: ServerSentEvent[]; isTooLarge: boolean }

async function outcomeOf(stream: ReadableStream<Uint8Array>, maximum?: number): Promise<Outcome> {
  const events: ServerSentEvent[] = []
  try {
    for await (const event of readServerSentEvents(stream, maximum)) events.push(event)
  } catch (error) {
    // Anything else is no designed error.
    if (!(error instanceof EventTooLargeError)) throw error
    return { events, isTooLarge: true }
  }
  return { events, isTooLarge: false }
}

const text = fc
  .array(
    fc.constantFrom(
      'data',
      'event',
      'id',
      'retry',
      ':',
      ': ',
      ' ',
      '\n',
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      '\r\r',
      '\ufeff',
      '\0',
      'a',
      '7',
      '\u00e9',
      '\u{1f600}',
      '\u2028',
      '{"jsonrpc":"2.0"}',
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''))

const cuts = fc.array(fc.nat(), { maxLength: 12 })

test('[HTTP-2025-03-26-11] any text, cut anywhere, gives the same events', async () => {
  await fc.assert(
    fc.asyncProperty(text, cuts, async (written, places) => {
      const bytes = encoder.encode(written)
      const whole = await outcomeOf(cutStream(bytes, []))
      expect(await outcomeOf(cutStream(bytes, places))).toEqual(whole)
      const everyByte = Array.from(bytes.keys())
      expect(await outcomeOf(cutStream(bytes, everyByte))).toEqual(whole)
    }),
    runs(500),
  )
})

test('any bytes, cut anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), cuts, async (bytes, places) => {
      expect(await outcomeOf(cutStream(bytes, places))).toEqual(await outcomeOf(cutStream(bytes, [])))
    }),
    runs(300),
  )
})

/** The standard's steps once more, over the whole text at once. */
function expectedEvents(written: string): ServerSentEvent[] {
  const lines = written.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)
  lines.pop()
  const events: ServerSentEvent[] = []
  let fields: Array<[string, string]> = []
  for (const line of lines) {
    if (line !== '') {
      const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
      fields.push([name, value])
      continue
    }
    const last = (name: string, fits: (value: string) => boolean): string | undefined =>
      fields.findLast(([field, value]) => field === name && fits(value))?.[1]
    const retry = last('retry', (value) => /^\d{1,15}$/.test(value))
    const known = fields.filter(
      ([name, value]) =>
        name === 'data' ||
        name === 'event' ||
        (name === 'id' && !value.includes('\0')) ||
        (name === 'retry' && retry !== undefined && /^\d{1,15}$/.test(value)),
    )
    if (known.length > 0) {
      events.push({
        event: last('event', () => true) || undefined,
        data: fields
          .filter(([name]) => name === 'data')
          .map(([, value]) => value)
          .join('\n'),
        id: last('id', (value) => !value.includes('\0')),
        retryMs: retry === undefined ? undefined : Number(retry),
      })
    }
    fields = []
  }
  return events
}

test('the events are those of the standard', async () => {
  await fc.assert(
    fc.asyncProperty(text, cuts, async (written, places) => {
      const { events } = await outcomeOf(cutStream(encoder.encode(written), places))
      expect(events).toEqual(expectedEvents(written))
    }),
    runs(1000),
  )
})

test('what is written is read again, and no value starts a field or an event of its own', async () => {
  const value = fc.oneof(text, fc.string({ unit: 'grapheme' }))
  const event = fc.record({
    event: fc.option(value, { nil: undefined }),
    id: fc.option(value, { nil: undefined }),
    retryMs: fc.option(fc.nat(), { nil: undefined }),
    data: value,
  })
  const oneLine = (given: string): string => given.replace(/[\r\n\0]/g, ' ')
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 5 }), cuts, async (given, places) => {
      const written = given.map(formatServerSentEvent).join('')
      const { events } = await outcomeOf(cutStream(encoder.encode(written), places))
      expect(events).toEqual(
        given.map((each) => ({
          event: each.event === undefined ? undefined : oneLine(each.event) || undefined,
          id: each.id === undefined ? undefined : oneLine(each.id),
          retryMs: each.retryMs,
          data: each.data.replace(/\r\n|\r/g, '\n'),
        })),
      )
    }),
    runs(500),
  )
})

test('the limit too falls at the same place wherever the stream is cut, and no event passes it', async () => {
  await fc.assert(
    fc.asyncProperty(text, cuts, fc.integer({ min: 0, max: 40 }), async (written, places, maximum) => {
      const bytes = encoder.encode(written)
      const whole = await outcomeOf(cutStream(bytes, []), maximum)
      expect(await outcomeOf(cutStream(bytes, places), maximum)).toEqual(whole)
      expect(await outcomeOf(cutStream(bytes, Array.from(bytes.keys())), maximum)).toEqual(whole)
      for (const { data } of whole.events) expect(data.length).toBeLessThanOrEqual(maximum)
    }),
    runs(800),
  )
})
