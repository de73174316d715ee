/** Fuzz: texts that leave the house, in a log or in an answer, carry no secret of ours and no character that they must not. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OAuthError } from '../../src/oauth/errors.ts'
import { createTelemetry, type PosternEvent, redactText } from '../../src/platform/telemetry.ts'
import { anyText } from './arbitrary.ts'
import { runs } from './runs.ts'

const secret = fc
  .tuple(
    fc.constantFrom('at', 'rt', 'ac', 'cs', 'su', 'bs', 'bf', 'zz'),
    fc.stringMatching(/^[A-Za-z0-9_.~-]{1,90}$/),
  )
  .map(([kind, random]) => `pst_${kind}_${random}`)
const around = fc.oneof(
  fc.string({ maxLength: 320 }),
  fc.constantFrom('', 'pst_', 'pst_a', 'pst_at', 'pst_at_', 'Bearer ', '"', '&token=', 'PST_'),
)

test('redactText never lets a token through', () => {
  fc.assert(
    fc.property(around, secret, around, secret, (before, one, between, other) => {
      const text = redactText(before + one + between + other)
      expect(text.length).toBeLessThanOrEqual(300)
      expect(text).not.toMatch(/pst_[a-z]{2}_[A-Za-z0-9_.~-]/)
      for (const token of [one, other]) {
        const random = token.slice('pst_at_'.length)
        if (random.length > 12) expect(text).not.toContain(random)
      }
    }),
    runs(2000),
  )
})

test('and a text without one stays as it is, but for its length', () => {
  fc.assert(
    fc.property(anyText(40), (text) => {
      fc.pre(!text.includes('pst_'))
      expect(redactText(text)).toBe(text.slice(0, 300))
    }),
    runs(500),
  )
})

test('no event holds a token, whichever of its fields was given one', () => {
  const fields = fc.dictionary(
    fc.constantFrom(
      'clientId',
      'clientName',
      'userId',
      'reason',
      'path',
      'tool',
      'scope',
      'userAgent',
      'code',
      'method',
    ),
    fc.tuple(around, secret).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(fields, (given) => {
      const events: PosternEvent[] = []
      createTelemetry(() => 1, [(event) => events.push(event)]).emit('request.refused', 'flow', given)
      expect(JSON.stringify(events)).not.toMatch(/pst_[a-z]{2}_[A-Za-z0-9_.~-]/)
    }),
    runs(300),
  )
})

test('[OA21-21] a description is of the allowed characters, whatever went into it', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText(40),
        fc.string().map((text) => JSON.stringify(text)),
      ),
      (text) => {
        const { description } = new OAuthError('invalid_request', text)
        expect(description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/)
      },
    ),
    runs(1000),
  )
})
