/** Where values stand in a JSON text (RFC 8259), so that one can be replaced and all else passes as it was written: big numbers, order, unknown members. */

export interface TextSpan {
  start: number
  end: number
}

export interface MemberSpan extends TextSpan {
  name: string
  /** It was written with a backslash. */
  isEscaped: boolean
}

/** The members of the object that starts at `at`. The text must have been through `JSON.parse` before. */
export function* membersOf(text: string, at: number = skipSpace(text, 0)): Generator<MemberSpan> {
  let index = skipSpace(text, at + 1)
  while (index < text.length && text[index] !== '}') {
    const nameEnd = skipString(text, index)
    const written = text.slice(index, nameEnd)
    const name = JSON.parse(written) as string
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const end = skipValue(text, start)
    yield { name, isEscaped: written.includes('\\'), start, end }
    index = skipSpace(text, end)
    if (text[index] === ',') index = skipSpace(text, index + 1)
  }
}

/** The elements of the array that starts at `at`. */
export function* elementsOf(text: string, at: number = skipSpace(text, 0)): Generator<TextSpan> {
  let start = skipSpace(text, at + 1)
  while (start < text.length && text[start] !== ']') {
    const end = skipValue(text, start)
    yield { start, end }
    start = skipSpace(text, end)
    if (text[start] === ',') start = skipSpace(text, start + 1)
  }
}

/** The value at a path of member names. Of a repeated member the last, which is the one that `JSON.parse` gives. */
export function findValue(text: string, path: readonly string[]): TextSpan | undefined {
  let span: TextSpan = { start: skipSpace(text, 0), end: text.length }
  for (const name of path) {
    if (text[span.start] !== '{') return undefined
    const found = [...membersOf(text, span.start)].findLast((member) => member.name === name)
    if (found === undefined) return undefined
    span = found
  }
  return { start: span.start, end: span.end }
}

/** The text with the value at `path` replaced; unchanged where there is none. */
export function replaceValue(text: string, path: readonly string[], value: unknown): string {
  const span = findValue(text, path)
  if (span === undefined) return text
  return text.slice(0, span.start) + JSON.stringify(value) + text.slice(span.end)
}

/** The same, and where the object that `path` leads into lacks the member, it is put first. */
export function setValue(text: string, path: readonly string[], value: unknown): string {
  if (findValue(text, path) !== undefined) return replaceValue(text, path, value)
  const parent = findValue(text, path.slice(0, -1))
  if (parent === undefined || text[parent.start] !== '{') return text
  const inside = skipSpace(text, parent.start + 1)
  const member = `${JSON.stringify(path.at(-1))}:${JSON.stringify(value)}${text[inside] === '}' ? '' : ','}`
  return text.slice(0, inside) + member + text.slice(inside)
}

/** The text without the member at `path`, however often it comes: readers differ in which one they take. */
export function removeValue(text: string, path: readonly string[]): string {
  const parent = findValue(text, path.slice(0, -1))
  if (parent === undefined || text[parent.start] !== '{') return text
  let kept = ''
  let at = parent.start + 1
  for (const { name, end } of membersOf(text, parent.start)) {
    if (name !== path.at(-1)) kept += (kept === '' ? '' : ',') + text.slice(at, end)
    at = skipSpace(text, end)
    if (text[at] === ',') at++
  }
  return `${text.slice(0, parent.start)}{${kept}${text.slice(at)}`
}

/**
 * True if two readers could see different values: a name that comes twice, or twice to a reader that is not
 * strict about names, or a name in `expected` that only such a reader finds; and where a name is written with an
 * escape, which nothing needs here: V8 13.6 (Node 24.21) takes `"\\u006eame"` for the name `\\u00` if it read that one
 * before, so that one caller can choose what the next one's words are read as. Where a decision rests on what we read,
 * such a text must not travel on.
 */
export function hasAmbiguousMember(
  text: string,
  path: readonly string[] = [],
  expected: ReadonlySet<string> = new Set(),
): boolean {
  const span = findValue(text, path)
  if (span === undefined || text[span.start] !== '{') return false
  const seen = new Set<string>()
  for (const { name, isEscaped } of membersOf(text, span.start)) {
    const folded = foldName(name)
    if (isEscaped || seen.has(folded) || (name !== folded && expected.has(folded))) return true
    seen.add(folded)
  }
  return false
}

/**
 * A name as the loosest readers compare it: Go's encoding/json ignores case and takes \u017f for s and \u212a for k
 * (GHSA-wvj2-96wp-fq3f), another drops NUL at the end (GHSA-q382-vc8q-7jhj).
 */
function foldName(name: string): string {
  return name
    .toUpperCase()
    .toLowerCase()
    .replace(/\p{Cc}/gu, '')
}

/** Line ends can stand only between tokens of valid JSON, so none of its meaning is lost. */
export function onOneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ')
}

function skipSpace(text: string, from: number): number {
  let index = from
  for (;;) {
    const code = text.charCodeAt(index)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return index
    index++
  }
}

function skipValue(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return skipString(text, start)
  if (first === '{' || first === '[') return skipNested(text, start)
  let index = start
  while (index < text.length && !',]} \n\r\t'.includes(text[index] ?? '')) index++
  return index
}

function skipNested(text: string, start: number): number {
  let depth = 0
  let index = start
  while (index < text.length) {
    const character = text[index]
    if (character === '"') {
      index = skipString(text, index)
      continue
    }
    if (character === '{' || character === '[') depth++
    else if ((character === '}' || character === ']') && --depth === 0) return index + 1
    index++
  }
  return index
}

/** `indexOf` finds the end of a megabyte of base64 at the speed of memory. */
function skipString(text: string, start: number): number {
  let index = start
  for (;;) {
    index = text.indexOf('"', index + 1)
    if (index === -1) return text.length
    let escapes = 0
    while (text[index - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return index + 1
  }
}
