/** Headers as the web writes them (Fetch standard §5.1), in a tenth of the time of the runtime's own, which check and sort what here has been checked. */

const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** RFC 9110 §5.5, with the bytes above ASCII that the Fetch standard lets through. */
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/

export class PlainHeaders implements Headers {
  #values: Map<string, string>
  /** Alone among headers these cannot be joined (RFC 9110 §5.3). */
  #cookies: string[] = []

  /** Names in lower case and values that can stand in a header, as a parser of HTTP hands them over. */
  static ofParsed(fields: Readonly<Record<string, string | undefined>>): PlainHeaders {
    const headers = new PlainHeaders()
    for (const name in fields) {
      const value = fields[name]
      if (value !== undefined) headers.#values.set(name, value)
    }
    return headers
  }

  /** The same, and the map is theirs from now on. */
  static ofFields(fields: Map<string, string>): PlainHeaders {
    const headers = new PlainHeaders()
    headers.#values = fields
    return headers
  }

  /** Of others that have been judged already, those that are wanted. */
  static pickedFrom(headers: Headers, isWanted: (name: string) => boolean): PlainHeaders {
    const picked = new PlainHeaders()
    for (const [name, value] of headers) if (isWanted(name)) picked.#values.set(name, value)
    return picked
  }

  constructor(init?: HeadersInit) {
    this.#values = new Map()
    if (init === undefined) return
    if (init instanceof PlainHeaders) {
      this.#values = new Map(init.#values)
      this.#cookies = [...init.#cookies]
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
    this.#values.set(key, text)
  }

  append(name: string, value: string): void {
    const key = readName(name)
    const before = this.#values.get(key)
    if (before === undefined) {
      this.set(key, value)
      return
    }
    const text = readValue(value)
    if (key === cookieHeader) this.#cookies.push(text)
    this.#values.set(key, `${before}, ${text}`)
  }

  delete(name: string): void {
    const key = name.toLowerCase()
    this.#values.delete(key)
    if (key === cookieHeader) this.#cookies = []
  }

  getSetCookie(): string[] {
    return [...this.#cookies]
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
    const hasCookies = this.#cookies.length > 0
    return (hasCookies ? this.#withCookies() : this.#values.entries()) as HeadersIterator<[string, string]>
  }

  *#withCookies(): Generator<[string, string]> {
    for (const entry of this.#values) if (entry[0] !== cookieHeader) yield entry
    for (const cookie of this.#cookies) yield [cookieHeader, cookie]
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
