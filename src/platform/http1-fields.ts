/** The fields of a head of HTTP/1.1 (RFC 9112 §5) that a pattern has found to be plain: each on one line, with a name and a value of printable ASCII. */

/** Such lines, for the pattern of a whole head. */
export const plainFields = "(?:[!#$%&'*+\\-.^_`|~0-9A-Za-z]+:[ -~]*\\r\\n)+"

/** By name in lower case, of a head with its first line. Undefined where one came twice, or is among `others`. */
export function readPlainFields(head: string, others: ReadonlySet<string>): Map<string, string> | undefined {
  const fields = new Map<string, string>()
  let end = head.indexOf('\r\n')
  for (let at = end + 2; at < head.length; at = end + 2) {
    end = head.indexOf('\r\n', at)
    const colon = head.indexOf(':', at)
    const name = head.slice(at, colon).toLowerCase()
    if (fields.has(name) || others.has(name)) return undefined
    fields.set(name, head.slice(colon + 1, end).trim())
  }
  return fields
}

/** RFC 9112 §9.3: nothing is said of it, or that it is kept. */
export function keepsConnection(fields: ReadonlyMap<string, string>): boolean {
  const connection = fields.get('connection')
  return connection === undefined || connection.toLowerCase() === 'keep-alive'
}
