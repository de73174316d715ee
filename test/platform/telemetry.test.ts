/** Events: no secret of ours is in one, and no reader can disturb a request. */

import { describe, expect, test } from 'vitest'
import { createTelemetry, type PosternEvent, redactText } from '../../src/platform/telemetry.ts'

const token = 'pst_at_Zm9vYmFyYmF6cXV4cXV1eHF1dXV4Zm9vYmFyYmF6.~-_'

function recorded(): { events: PosternEvent[]; reader: (event: PosternEvent) => void } {
  const events: PosternEvent[] = []
  return { events, reader: (event) => events.push(event) }
}

test('[CC-15] an event has a name, a time and the flow that it belongs to', () => {
  const { events, reader } = recorded()
  createTelemetry(() => 42, [reader]).emit('token.issued', 'flow', { status: 200, scope: undefined })
  expect(events).toEqual([{ name: 'token.issued', at: 42, flowId: 'flow', status: 200 }])
})

test('a reader that throws costs neither the request nor the other readers', () => {
  const { events, reader } = recorded()
  const broken = (): never => {
    throw new Error('the disk is full')
  }
  createTelemetry(() => 1, [broken, reader, broken]).emit('token.issued', 'flow')
  expect(events).toHaveLength(1)
})

describe('what strays into a text', () => {
  test.each([
    ['alone', token, 'pst_[redacted]'],
    ['in a sentence', `wrong ${token}, sent again`, 'wrong pst_[redacted], sent again'],
    ['several', `${token} ${token}`, 'pst_[redacted] pst_[redacted]'],
    ['in a URL', `/mcp?token=${token}&x=1`, '/mcp?token=pst_[redacted]&x=1'],
    ['in a header', `Bearer ${token}`, 'Bearer pst_[redacted]'],
    ['one glued to another', `pst_rt_a${token}`, 'pst_[redacted]'],
    ['after a broken beginning', `pst_pst_xx${token}`, 'pst_pst_xxpst_[redacted]'],
    [
      'each kind that there is',
      'pst_at_a pst_rt_a pst_ac_a pst_cs_a pst_su_a pst_bs_a pst_bf_a',
      Array(7).fill('pst_[redacted]').join(' '),
    ],
    ['nothing', 'an ordinary sentence about pst_ and pst_a', 'an ordinary sentence about pst_ and pst_a'],
  ])('%s', (_, text, shown) => {
    expect(redactText(text)).toBe(shown)
  })

  test('a token at the place where a long text is cut is gone whole', () => {
    for (let before = 250; before <= 300; before++) {
      const text = redactText(`${'x'.repeat(before)}${token}`)
      expect(text.length).toBeLessThanOrEqual(300)
      expect(text).not.toContain('Zm9v')
    }
  })

  test('every text of an event is searched', () => {
    const { events, reader } = recorded()
    createTelemetry(() => 1, [reader]).emit('request.refused', 'flow', {
      reason: `bad ${token}`,
      path: `/mcp/${token}`,
      userAgent: token,
      clientName: token,
      tool: token,
    })
    expect(JSON.stringify(events)).not.toContain('pst_at_')
  })
})
