// What every revision with a handshake says of the one endpoint, asked of each in its own words.

import { describe, expect, test } from 'vitest'
import { initializeMessage, modernCall, type OpenGateway, openGateway, readAnswer } from './open-gateway.ts'
import { scriptedUpstream } from './scripted-upstream.ts'

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' }

/** A server with sessions, whose stream stays open. */
function openSessionful(): Promise<OpenGateway> {
  const { upstream } = scriptedUpstream(({ method, body }) => {
    if (method === 'GET')
      return new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
    if (method === 'DELETE') return new Response(null, { status: 200 })
    if (body.method !== 'initialize') return undefined
    const result = {
      protocolVersion: body.params?.protocolVersion,
      capabilities: {},
      serverInfo: { name: 's', version: '1' },
    }
    return Response.json({ jsonrpc: '2.0', id: body.id, result }, { headers: { 'mcp-session-id': 'own' } })
  })
  return openGateway({ upstream })
}

interface Rows {
  endpoint: string
  origin: string
  accepted: string
  answers: string
  stream: string
  session: string
  ended: string
}

const revisions: readonly [string, Rows][] = [
  [
    '2025-03-26',
    {
      endpoint: '[HTTP-2025-03-26-01]',
      origin: '[HTTP-2025-03-26-02]',
      accepted: '[HTTP-2025-03-26-09]',
      answers: '[HTTP-2025-03-26-10]',
      stream: '[HTTP-2025-03-26-15]',
      session: '[HTTP-2025-03-26-20]',
      ended: '[HTTP-2025-03-26-23]',
    },
  ],
  [
    '2025-06-18',
    {
      endpoint: '[HTTP-2025-06-18-01]',
      origin: '[HTTP-2025-06-18-02]',
      accepted: '[HTTP-2025-06-18-08]',
      answers: '[HTTP-2025-06-18-09]',
      stream: '[HTTP-2025-06-18-14]',
      session: '[HTTP-2025-06-18-19]',
      ended: '[HTTP-2025-06-18-22]',
    },
  ],
  [
    '2025-11-25',
    {
      endpoint: '[HTTP-2025-11-25-01]',
      origin: '[HTTP-2025-11-25-02]',
      accepted: '[HTTP-2025-11-25-08]',
      answers: '[HTTP-2025-11-25-09]',
      stream: '[HTTP-2025-11-25-14]',
      session: '[HTTP-2025-11-25-20]',
      ended: '[HTTP-2025-11-25-16]',
    },
  ],
]

describe.each(revisions)('%s', (version, rows) => {
  test(`${rows.endpoint} ${rows.answers} one path takes POST and GET, and a request is answered by JSON or a stream`, async () => {
    const door = await openSessionful()
    const opened = await door.post('ada', initializeMessage(version))
    expect(opened.headers.get('content-type')).toMatch(/^(application\/json|text\/event-stream)/)
    expect((await readAnswer(opened)).result?.protocolVersion).toBe(version)
    const headers = await door.openSession('ada', { version })
    const answered = await door.post('ada', ping, headers)
    expect(answered.headers.get('content-type')).toMatch(/^(application\/json|text\/event-stream)/)
    expect((await readAnswer(answered)).id).toBe(1)
    const get = await door.send({
      headers: { authorization: 'Bearer ada', accept: 'text/event-stream', ...headers },
    })
    expect([200, 405]).toContain(get.status)
    await get.body?.cancel()
  })

  test(`${rows.origin} a foreign Origin is refused, an absent one is not`, async () => {
    const door = await openSessionful()
    const headers = await door.openSession('ada', { version })
    const foreign = await door.post('ada', ping, { ...headers, origin: 'https://evil.example' })
    expect(foreign.status).toBe(403)
    expect((await door.post('ada', ping, headers)).status).toBe(200)
  })

  test(`${rows.accepted} what needs no answer is 202 without a body, and what cannot be read is an HTTP error`, async () => {
    const door = await openSessionful()
    const headers = await door.openSession('ada', { version })
    const accepted = await door.post('ada', initialized, headers)
    expect(accepted.status).toBe(202)
    expect(await accepted.text()).toBe('')
    const unreadable = await door.post('ada', '{"jsonrpc":"2.0","method":', headers)
    expect(unreadable.status).toBe(400)
    expect(await unreadable.json()).toMatchObject({ error: { code: -32700 } })
  })

  test(`${rows.stream} a GET within a session is a stream, and 405 where the server has none`, async () => {
    const door = await openSessionful()
    const headers = await door.openSession('ada', { version })
    const listen = { authorization: 'Bearer ada', accept: 'text/event-stream', ...headers }
    const stream = await door.send({ headers: listen })
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/)
    await stream.body?.cancel()
    const without = await openGateway({ upstream: scriptedUpstream().upstream })
    const none = await without.openSession('ada', { version }).catch(() => ({}))
    const refused = await without.send({
      headers: { authorization: 'Bearer ada', accept: 'text/event-stream', ...none },
    })
    expect(refused.status).toBe(405)
  })

  test(`${rows.session} ${rows.ended} a session id is visible ASCII, and 404 once it was ended`, async () => {
    const door = await openSessionful()
    const headers = await door.openSession('ada', { version })
    expect(headers['mcp-session-id']).toMatch(/^[\x21-\x7e]+$/)
    const authorization = { authorization: 'Bearer ada' }
    expect(
      (await door.send({ method: 'DELETE', headers: { ...authorization, ...headers } })).status,
    ).toBeLessThan(300)
    expect((await door.post('ada', ping, headers)).status).toBe(404)
  })
})

test('[HTTP-2026-07-28-01] without a handshake one path takes POST, and needs neither GET nor DELETE', async () => {
  const { upstream } = scriptedUpstream(({ body }) =>
    body.method === 'server/discover'
      ? Response.json({
          jsonrpc: '2.0',
          id: body.id,
          result: { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} },
        })
      : undefined,
  )
  const door = await openGateway({ upstream })
  const { message, headers } = modernCall('server/discover')
  expect((await door.post('ada', message, headers)).status).toBe(200)
  for (const method of ['GET', 'DELETE'])
    expect((await door.send({ method, headers: { authorization: 'Bearer ada' } })).status).toBe(405)
})
