/** Headers as the web writes them (Fetch standard §5.1), in a tenth of the time of the runtime's own, which check and sort what here has been checked. */

const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** RFC 9110 §5.5, with the bytes above ASCII that the Fetch standard lets through. */
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/

export class PlainHeaders implements Headers {
  #values: Map<string, string> = noValues
  /** Others read the same map: it is copied before anything is written. */
  #isShared = true
  /** Alone among headers these cannot be joined (RFC 9110 §5.3). */
  #cookies: string[] | undefined

  /** Names in lower case and values that can stand in a header, as a parser of HTTP hands them over. */
  static ofParsed(fields: Readonly<Record<string, string | undefined>>): PlainHeaders {
    const values = new Map<string, string>()
    for (const name in fields) {
      const value = fields[name]
      if (value !== undefined) values.set(name, value)
    }
    return PlainHeaders.#owning(values)
  }

  /** The same, of a map that nobody writes into. */
  static ofFields(fields: Map<string, string>): PlainHeaders {
    const headers = new PlainHeaders()
    headers.#values = fields
    return headers
  }

  static #owning(values: Map<string, string>): PlainHeaders {
    const headers = new PlainHeaders()
    headers.#values = values
    headers.#isShared = false
    return headers
  }

  /** Of others that have been judged already, those that are wanted. */
  static pickedFrom(headers: Headers, isWanted: (name: string) => boolean): PlainHeaders {
    const picked = new Map<string, string>()
    for (const [name, value] of headers) if (isWanted(name)) picked.set(name, value)
    return PlainHeaders.#owning(picked)
  }

  constructor(init?: HeadersInit) {
    if (init === undefined) return
    if (init instanceof PlainHeaders) {
      this.#values = init.#values
      init.#isShared = true
      this.#cookies = init.#cookies && [...init.#cookies]
      return
    }
    const entries = Symbol.iterator in init ? (init as Iterable<[string, string]>) : Object.entries(init)
    for (const [name, value] of entries) this.append(name, value)
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? this.#values.get(name.toLowerCase()) ?? null
  }

  has(name: string): boolean {
    return this.#values.has(name) || this.#values.has(name.toLowerCase())
  }

  set(name: string, value: string): void {
    const key = readName(name)
    const text = readValue(value)
    if (key === cookieHeader) this.#cookies = [text]
    this.#own().set(key, text)
  }

  append(name: string, value: string): void {
    const key = readName(name)
    const before = this.#values.get(key)
    if (before === undefined) {
      this.set(key, value)
      return
    }
    const text = readValue(value)
    if (key === cookieHeader) this.#cookies = [...(this.#cookies ?? []), text]
    this.#own().set(key, `${before}, ${text}`)
  }

  delete(name: string): void {
    const key = name.toLowerCase()
    if (this.#values.has(key)) this.#own().delete(key)
    if (key === cookieHeader) this.#cookies = undefined
  }

  #own(): Map<string, string> {
    if (this.#isShared) {
      this.#values = new Map(this.#values)
      this.#isShared = false
    }
    return this.#values
  }

  getSetCookie(): string[] {
    return [...(this.#cookies ?? [])]
  }

  forEach(use: (value: string, name: string, headers: Headers) => void): void {
    for (const [name, value] of this) use(value, name, this)
  }

  *keys(): HeadersIterator<string> {
    for (const [name] of this) yield name
  }

  *values(): HeadersIterator<string> {
    for (const [, value] of this) yield value
  }

  entries(): HeadersIterator<[string, string]> {
    const cookies = this.#cookies
    return (cookies === undefined ? this.#values.entries() : this.#withCookies(cookies)) as HeadersIterator<
      [string, string]
    >
  }

  *#withCookies(cookies: readonly string[]): Generator<[string, string]> {
    for (const entry of this.#values) if (entry[0] !== cookieHeader) yield entry
    for (const cookie of cookies) yield [cookieHeader, cookie]
  }

  [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.entries()
  }
}

/** For `console.log` and the like, which would look into the runtime's own kind. */
Object.defineProperty(PlainHeaders.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: PlainHeaders) {
    return Object.fromEntries(this)
  },
})

const cookieHeader = 'set-cookie'
const noValues: Map<string, string> = new Map()

// Whoever asks for the runtime's own kind is answered yes, as for a subclass.
Object.setPrototypeOf(PlainHeaders.prototype, Headers.prototype)

function readName(name: string): string {
  const known = readNames.get(name)
  if (known !== undefined) return known
  if (!namePattern.test(name)) throw new TypeError(`${JSON.stringify(name)} is not the name of a header`)
  const read = name.toLowerCase()
  if (readNames.size < maximumReadNames) readNames.set(name, read)
  return read
}

/** Nearly every name comes again and again. */
const readNames = new Map<string, string>()
const maximumReadNames = 500

function readValue(value: string): string {
  const text = String(value)
  if (!valuePattern.test(text)) throw new TypeError('a header must not hold control characters')
  const isBare = text.length > 0 && text.charCodeAt(0) > 32 && text.charCodeAt(text.length - 1) > 32
  return isBare ? text : text.replace(/^[\t ]+|[\t ]+$/g, '')
}
