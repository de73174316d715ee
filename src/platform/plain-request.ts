/** A Request (Fetch standard §5.4) as a parser of HTTP hands it over: what a program reads of nearly every request costs nothing, and the rest is asked of a real one, made when it is needed. */

import { type HangUp, HangUpSource, knowingHangUps, signalOf } from './hang-up.ts'
import { PlainHeaders } from './plain-headers.ts'

const RuntimeRequest = globalThis.Request

export interface RequestParts {
  method: string
  url: string
  headers: PlainHeaders
  /** What has come already, or how it is read, asked once at most. Undefined where there is no body. */
  body: Uint8Array | (() => Promise<Uint8Array>) | undefined
  /** Of the client, before it has the whole answer. Asked once at most. */
  hangUp(): HangUp
}

export class PlainRequest {
  readonly #parts: RequestParts
  #hangUp: HangUp | undefined
  #real: Request | undefined
  #isUsed = false

  static isPlain(value: unknown): value is Request {
    return typeof value === 'object' && value !== null && #parts in value
  }

  /** The body, where it is there already and nobody has read it. */
  static takeBody(request: Request): Uint8Array | undefined {
    if (!PlainRequest.isPlain(request)) return undefined
    const plain = request as unknown as PlainRequest
    const { body } = plain.#parts
    if (typeof body === 'function' || plain.#isUsed || plain.#real !== undefined) return undefined
    plain.#isUsed = body !== undefined
    return body
  }

  /** For whoever listens, and needs no signal of the runtime's own for it. */
  static hangUpOf(request: Request): HangUp {
    return PlainRequest.isPlain(request)
      ? (request as unknown as PlainRequest).#toHangUp()
      : (request as Request).signal
  }

  /** As the runtime knows it. */
  static realOf(request: Request): Request {
    return PlainRequest.isPlain(request) ? (request as unknown as PlainRequest).#toReal() : request
  }

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  get method(): string {
    return this.#parts.method
  }

  get url(): string {
    return this.#parts.url
  }

  get headers(): Headers {
    return this.#parts.headers
  }

  get signal(): AbortSignal {
    return signalOf(this.#toHangUp())
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#parts.body === undefined ? null : this.#toReal().body
  }

  get bodyUsed(): boolean {
    return this.#real?.bodyUsed ?? this.#isUsed
  }

  async bytes(): Promise<Uint8Array> {
    if (this.#real !== undefined) return new Uint8Array(await this.#real.arrayBuffer())
    const { body } = this.#parts
    if (body === undefined) return new Uint8Array()
    if (this.#isUsed) throw new TypeError('the body has been read already')
    this.#isUsed = true
    return typeof body === 'function' ? body() : body
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.bytes()
    const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
    return (
      isWhole ? bytes.buffer : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    ) as ArrayBuffer
  }

  async text(): Promise<string> {
    return decoder.decode(await this.bytes())
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  blob(): Promise<Blob> {
    return this.#toReal().blob()
  }

  formData(): Promise<FormData> {
    return this.#toReal().formData()
  }

  clone(): Request {
    return this.#toReal().clone()
  }

  #toHangUp(): HangUp {
    this.#hangUp ??= this.#parts.hangUp()
    return this.#hangUp
  }

  #toReal(): Request {
    this.#real ??= this.#makeReal()
    return this.#real
  }

  #makeReal(): Request {
    const { method, url, headers, body: given } = this.#parts
    const init: RequestInit = { method, headers: [...headers], signal: this.signal }
    if (given === undefined) return new RuntimeRequest(url, init)
    if (this.#isUsed) throw new TypeError('the body has been read already')
    this.#isUsed = true
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const bytes = typeof given === 'function' ? await given() : given
        if (bytes.byteLength > 0) controller.enqueue(bytes)
        controller.close()
      },
    })
    return new RuntimeRequest(url, { ...init, body, duplex: 'half' } as RequestInit)
  }
}

Object.setPrototypeOf(PlainRequest.prototype, RuntimeRequest.prototype)

/** What programs seldom ask. */
for (const name of [
  'cache',
  'credentials',
  'destination',
  'duplex',
  'integrity',
  'keepalive',
  'mode',
  'redirect',
  'referrer',
  'referrerPolicy',
]) {
  Object.defineProperty(PlainRequest.prototype, name, {
    get(this: PlainRequest) {
      return Reflect.get(PlainRequest.realOf(asRequest(this)), name)
    },
  })
}

/** Without the query; of a light request what its parser has seen to be a plain path. */
export function pathOf(request: Request): string {
  const { url } = request
  if (!PlainRequest.isPlain(request)) return new URL(url).pathname
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const end = url.indexOf('?', start)
  return end < 0 ? url.slice(start) : url.slice(start, end)
}

/** The runtime's own class, which makes light ones of an address and a body that is there already. */
export function lightRequestClass(): typeof Request {
  const light = new Proxy(RuntimeRequest, {
    construct(target, [input, init = {}]: [RequestInfo | URL, RequestInit | undefined]) {
      const request = typeof input === 'string' ? lightRequest(input, init) : undefined
      if (request !== undefined) return request
      const { headers, signal } = init
      const plain = { ...init }
      if (headers instanceof PlainHeaders) plain.headers = [...headers]
      if (signal) plain.signal = signalOf(signal)
      return new target(PlainRequest.isPlain(input) ? PlainRequest.realOf(input) : input, plain)
    },
  })
  return knowingHangUps(light)
}

function lightRequest(
  url: string,
  { method, headers, body, signal, ...rest }: RequestInit,
): PlainRequest | undefined {
  const isPlain =
    body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array
  if (!isPlain || !plainMethods.has(method ?? 'GET')) return undefined
  // Each of these means something that only a real one does.
  for (const name in rest) if (Reflect.get(rest, name) !== undefined) return undefined
  const bytes = typeof body === 'string' ? encoder.encode(body) : body
  return new PlainRequest({
    method: method ?? 'GET',
    url: parsed(url),
    headers: new PlainHeaders(headers),
    body: bytes ?? undefined,
    hangUp: () => signal ?? new HangUpSource(),
  })
}

const plainMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])

/** Most programs ask for the same few. */
function parsed(url: string): string {
  if (url === lastUrl.given) return lastUrl.parsed
  lastUrl = { given: url, parsed: new URL(url).href }
  return lastUrl.parsed
}

let lastUrl = { given: '', parsed: '' }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function asRequest(request: PlainRequest): Request {
  return request as unknown as Request
}
