/** A Response (Fetch standard §5.5) that keeps its text, bytes or stream as they are, for whoever writes it out; everything else that a Response can do is asked of a real one, made when it is needed. */

import { PlainHeaders } from './plain-headers.ts'

const RuntimeResponse = globalThis.Response

export type PlainBody = string | Uint8Array

export interface ResponseParts {
  status: number
  headers: PlainHeaders
  body: PlainBody | ReadableStream<Uint8Array> | undefined
}

export class PlainResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: PlainHeaders
  #body: ResponseParts['body']
  #isUsed = false
  #real: Response | undefined

  constructor(body?: ResponseParts['body'] | null, init: ResponseInit = {}) {
    this.status = init.status ?? 200
    if (!(this.status >= 200 && this.status <= 599)) throw new RangeError(`${this.status} is not a status`)
    this.statusText = init.statusText ?? ''
    this.headers = new PlainHeaders(init.headers)
    this.#body = body ?? undefined
    if (typeof body === 'string' && !this.headers.has('content-type'))
      this.headers.set('content-type', 'text/plain;charset=UTF-8')
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const headers = new PlainHeaders(init.headers)
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
    return asResponse(new PlainResponse(JSON.stringify(data), { ...init, headers }))
  }

  /** For whoever writes it out; undefined where it is a real one by now. */
  static partsOf(response: Response): ResponseParts | undefined {
    if (!isPlainResponse(response)) return undefined
    const plain = response as unknown as PlainResponse
    if (plain.#real !== undefined || plain.#isUsed) return undefined
    plain.#isUsed = plain.#body !== undefined
    return { status: plain.status, headers: plain.headers, body: plain.#body }
  }

  /** What is there to be read, all of it and at once; undefined where it comes bit by bit, or was read. */
  static takeBody(response: Response): PlainBody | undefined {
    if (!isPlainResponse(response)) return undefined
    const body = (response as unknown as PlainResponse).#body
    if (body instanceof ReadableStream) return undefined
    return PlainResponse.partsOf(response)?.body as PlainBody | undefined
  }

  /** As the runtime knows it, for whoever hands it on to the runtime. */
  static realOf(response: Response): Response {
    return isPlainResponse(response) ? (response as unknown as PlainResponse).#toReal() : response
  }

  static isPlain(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #body in value
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  get redirected(): boolean {
    return false
  }

  get type(): ResponseType {
    return 'default'
  }

  get url(): string {
    return ''
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#body === undefined) return null
    return this.#body instanceof ReadableStream && this.#real === undefined ? this.#body : this.#toReal().body
  }

  get bodyUsed(): boolean {
    if (this.#real !== undefined) return this.#real.bodyUsed
    return this.#isUsed || (this.#body instanceof ReadableStream && this.#body.locked)
  }

  async text(): Promise<string> {
    const body = this.#take()
    return body instanceof Response ? body.text() : typeof body === 'string' ? body : decoder.decode(body)
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  async bytes(): Promise<Uint8Array> {
    const body = this.#take()
    if (body instanceof Response) return new Uint8Array(await body.arrayBuffer())
    return typeof body === 'string' ? encoder.encode(body) : (body ?? new Uint8Array())
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.bytes()
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  }

  blob(): Promise<Blob> {
    return this.#toReal().blob()
  }

  formData(): Promise<FormData> {
    return this.#toReal().formData()
  }

  clone(): Response {
    return this.#toReal().clone()
  }

  #take(): PlainBody | undefined | Response {
    if (this.#real !== undefined) return this.#real
    if (this.#body instanceof ReadableStream) return this.#toReal()
    if (this.#isUsed) throw new TypeError('the body has been read already')
    this.#isUsed = this.#body !== undefined
    return this.#body
  }

  #toReal(): Response {
    if (this.#real === undefined && this.#isUsed) throw new TypeError('the body has been read already')
    this.#real ??= new RuntimeResponse((this.#body ?? null) as BodyInit | null, {
      status: this.status,
      statusText: this.statusText,
      headers: [...this.headers],
    })
    return this.#real
  }
}

const isPlainResponse = PlainResponse.isPlain

Object.setPrototypeOf(PlainResponse.prototype, RuntimeResponse.prototype)

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The type is as wide as that of the runtime. */
export function asResponse(response: PlainResponse): Response {
  return response as unknown as Response
}

/** The runtime's own class, which makes light ones wherever that is possible: of forms and blobs it makes real ones. */
export function lightResponseClass(): typeof Response {
  return new Proxy(RuntimeResponse, {
    construct(target, [body, init]: [BodyInit | null | undefined, ResponseInit | undefined]) {
      const bytes = body instanceof ArrayBuffer ? new Uint8Array(body) : body
      if (isPlainBody(bytes)) return new PlainResponse(bytes, init)
      const { headers } = init ?? {}
      return new target(body, headers instanceof PlainHeaders ? { ...init, headers: [...headers] } : init)
    },
    get: (target, name) => (name === 'json' ? PlainResponse.json : Reflect.get(target, name)),
  })
}

function isPlainBody(body: unknown): body is ResponseParts['body'] | null {
  const isNone = body === undefined || body === null
  return isNone || typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
}
