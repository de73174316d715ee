/** Lines out of bytes, whatever the bytes are: never more in memory than one line of bounded length. */

/** What is longer is no line of an access log. */
const maximumLineCharacters = 64 * 1024

/** A line that is too long comes as an empty one: it is counted, and not read. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let begun = ''
  let isTooLong = false
  for await (const chunk of chunks) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n')
    const last = parts.pop() ?? ''
    for (const part of parts) {
      const line = begun + part
      yield isTooLong || line.length > maximumLineCharacters ? '' : line.trimEnd()
      begun = ''
      isTooLong = false
    }
    begun += last
    if (begun.length > maximumLineCharacters) {
      begun = ''
      isTooLong = true
    }
  }
  if (isTooLong || begun !== '') yield isTooLong ? '' : begun.trimEnd()
}
