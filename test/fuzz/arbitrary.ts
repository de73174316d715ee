/** What the fuzz tests feed: any text at all, and well-formed web addresses (fast-check's own take seconds to set up in every file). */

import fc from 'fast-check'

const character = fc.oneof(
  fc.integer({ min: 0x20, max: 0x7e }),
  fc.integer({ min: 0, max: 0xff }),
  // Half surrogate pairs too.
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0x10000, max: 0x10ffff }),
)

export function anyText(maxLength: number): fc.Arbitrary<string> {
  return fc.array(character, { maxLength }).map((points) => String.fromCodePoint(...points))
}

const segment = fc.stringMatching(/^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2}){0,8}$/)
const query = fc.stringMatching(/^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2}){0,20}$/)

/** Of the form of RFC 3986 §3, with any port and every character that a path or query may hold. */
export const webAddress: fc.Arbitrary<string> = fc
  .record({
    scheme: fc.constantFrom('https', 'https', 'http'),
    host: fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,10}[a-z0-9])?){0,3}$/),
    port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    segments: fc.array(segment, { maxLength: 4 }),
    query: fc.option(query, { nil: undefined }),
  })
  .map(({ scheme, host, port, segments, query }) => {
    const path = segments.map((each) => `/${each}`).join('')
    return `${scheme}://${host}${port === undefined ? '' : `:${port}`}${path}${query === undefined ? '' : `?${query}`}`
  })
