// The operator's own key, sent for everybody.

import { expect, test } from 'vitest'
import { staticSecret } from '../../src/index.ts'
import { callMcp, openDoor } from '../door.ts'
import { keyedUpstream } from './keyed-upstream.ts'
import { visitor, whoami } from './people.ts'

test('everybody acts with it, and the consent page lists the tools that it opens', async () => {
  const server = keyedUpstream({ 'k-op': 'the operator' }, 'x-api-key')
  const credential = staticSecret({ headers: { 'X-Api-Key': 'k-op' } })
  const door = await openDoor({ connector: { name: 'Example', upstream: server.upstream, credential } })
  const page = await (await visitor(door, 'ada')).ask()
  expect(page.html).toContain('whoami')
  expect(page.html).not.toContain('k-op')
  const { accessToken } = await (await page.answer({})).connect()
  expect(await whoami(door, accessToken)).toBe('you are the operator')
  expect(await whoami(door, accessToken, { 'x-api-key': 'k-mine' })).toBe('you are the operator')
})

test('it is nobody’s own: where it is not accepted the client is not sent to sign in again', async () => {
  const server = keyedUpstream({ 'k-op': 'the operator' })
  const credential = staticSecret({ headers: { Authorization: 'Bearer k-op' } })
  const door = await openDoor({ connector: { name: 'Example', upstream: server.upstream, credential } })
  const { accessToken } = await (await (await (await visitor(door, 'ada')).ask()).answer({})).connect()
  server.keys.clear()
  const response = await callMcp(door, accessToken, { id: 1, method: 'tools/list' })
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('HTTP 401')
})

test.each(['Host', 'Content-Length', 'MCP-Session-Id', 'Cookie', 'X-Forwarded-Host', 'two words'])(
  '%s is no header for it',
  (name) => {
    expect(() => staticSecret({ headers: { [name]: 'x' } })).toThrow(TypeError)
  },
)

test('a line break in it is refused at start', () => {
  expect(() => staticSecret({ headers: { Authorization: 'a\r\nb' } })).toThrow(TypeError)
})
