/** Server-sent events (WHATWG HTML §9.2), read and written. */

export interface ServerSentEvent {
  event: string | undefined
  data: string
  id: string | undefined
  retryMs: number | undefined
}

/** One event, terminated. Data is split at its line ends, so that none can start a field of its own. */
export function formatServerSentEvent(event: Partial<ServerSentEvent>): string {
  const lines: string[] = []
  if (event.event !== undefined) lines.push(`event: ${oneLine(event.event)}`)
  if (event.id !== undefined) lines.push(`id: ${oneLine(event.id)}`)
  if (event.retryMs !== undefined) lines.push(`retry: ${event.retryMs}`)
  if (event.data !== undefined) for (const line of event.data.split(/\r\n|\r|\n/)) lines.push(`data: ${line}`)
  return `${lines.join('\n')}\n\n`
}

/** A comment keeps proxies and clients from believing that the stream is dead. */
export const keepAliveComment = ': keep-alive\n\n'

function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, ' ')
}

/** The answer of an event-stream response, headers included that keep proxies from buffering it (requirement GW-13). */
export const eventStreamHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

export class EventTooLargeError extends Error {
  constructor(maximumCharacters: number) {
    super(`a server-sent event is larger than ${maximumCharacters} characters`)
    this.name = 'EventTooLargeError'
  }
}

/**
 * The events of a byte stream, one by one; comments are passed over, an unfinished event at the end is
 * dropped as the standard asks. An event of an id or a delay alone is told too, with empty data: whoever
 * resumes a stream needs them. Throws `EventTooLargeError` instead of growing without end.
 */
export async function* readServerSentEvents(
  stream: ReadableStream<Uint8Array>,
  maximumCharacters: number = 64 * 1024 * 1024,
): AsyncGenerator<ServerSentEvent> {
  // Node's decoder drops a second byte order mark too where the stream is cut behind the first (24.21); the standard drops one.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let isBegun = false
  const lines = createLineCutter()
  let current: ServerSentEvent = blank()
  let size = 0
  let empty = true
  let dataLines: string[] = []
  for await (const bytes of stream) {
    let text = decoder.decode(bytes, { stream: true })
    if (!isBegun && text !== '') {
      isBegun = true
      if (text.startsWith('\ufeff')) text = text.slice(1)
    }
    for (const line of lines.cut(text)) {
      if (size + line.length > maximumCharacters) throw new EventTooLargeError(maximumCharacters)
      if (line !== '') {
        if (!readField(line, current, dataLines)) continue
        empty = false
        size += line.length
        continue
      }
      if (!empty) yield { ...current, data: dataLines.join('\n') }
      current = blank()
      dataLines = []
      empty = true
      size = 0
    }
    if (size + lines.unfinishedLength() > maximumCharacters) throw new EventTooLargeError(maximumCharacters)
  }
}

function blank(): ServerSentEvent {
  return { event: undefined, data: '', id: undefined, retryMs: undefined }
}

/**
 * Lines that end in CR, LF or CRLF, wherever the text was cut into chunks. A CR at the end of a chunk ends its
 * line at once, since nothing may follow for a long time. Each character is looked at once, so that an
 * image of many megabytes on one line takes no longer than the same text on many.
 */
function createLineCutter(): { cut(text: string): Generator<string>; unfinishedLength(): number } {
  let unfinished: string[] = []
  let length = 0
  let endedInReturn = false
  return {
    *cut(text) {
      if (text === '') return
      let start = endedInReturn && text.startsWith('\n') ? 1 : 0
      endedInReturn = text.endsWith('\r')
      const ending = /\r\n?|\n/g
      ending.lastIndex = start
      for (let found = ending.exec(text); found !== null; found = ending.exec(text)) {
        const line = unfinished.join('') + text.slice(start, found.index)
        start = ending.lastIndex
        unfinished = []
        length = 0
        yield line
      }
      if (start === text.length) return
      unfinished.push(text.slice(start))
      length += text.length - start
    },
    unfinishedLength: () => length,
  }
}

function readField(line: string, event: ServerSentEvent, dataLines: string[]): boolean {
  if (line.startsWith(':')) return false
  const colon = line.indexOf(':')
  const name = colon === -1 ? line : line.slice(0, colon)
  const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
  if (name === 'data') dataLines.push(value)
  // An empty type means none (WHATWG HTML §9.2.6).
  else if (name === 'event') event.event = value === '' ? undefined : value
  else if (name === 'id' && !value.includes('\0')) event.id = value
  // Fifteen digits are thirty thousand years; more would be no whole number any longer.
  else if (name === 'retry' && /^\d{1,15}$/.test(value)) event.retryMs = Number(value)
  else return false
  return true
}
