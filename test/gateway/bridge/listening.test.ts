// Listen streams of 2026-07-28 are counted, end with their token, and tell nothing that a policy denies, whatever server they lead to.

import { describe, expect, onTestFinished, test } from 'vitest'
import type { PolicyRule } from '../../../src/gateway/gateway.ts'
import { inProcessUpstream } from '../../../src/gateway/upstreams/in-process.ts'
import {
  messagesOf,
  modernCall,
  type OpenGateway,
  type OpenGatewayOptions,
  openGateway,
  type RpcAnswer,
  readAnswer,
  tokens,
  until,
} from '../open-gateway.ts'
import { sessionfulHandler } from './handshake-server.ts'
import { statelessHandler } from './stateless-server.ts'

const servers = {
  'of the handshake era': sessionfulHandler,
  'of the stateless era': statelessHandler,
} as const

describe.each(Object.keys(servers) as (keyof typeof servers)[])('before a server %s', (kind) => {
  async function open(options: Partial<OpenGatewayOptions> = {}): Promise<OpenGateway> {
    const door = await openGateway({ upstream: inProcessUpstream(servers[kind]()), ...options })
    onTestFinished(() => door.gateway.close())
    return door
  }

  function listen(door: OpenGateway, uris: readonly string[] = [], token = 'ada'): Promise<Response> {
    const notifications = { toolsListChanged: true, resourceSubscriptions: uris }
    const call = modernCall('subscriptions/listen', { notifications })
    return door.post(token, call.message, call.headers)
  }

  test('a person has only so many, with one client', async () => {
    const door = await open({ limits: { streamsPerCaller: 1 } })
    const first = await listen(door)
    const second = await listen(door)
    expect(second.status).toBe(429)
    expect(await readAnswer(second)).toMatchObject({ id: 7 })
    expect((await listen(door, [], 'bob')).status).toBe(200)
    await first.body?.cancel()
    await until(async () => (await listen(door)).status === 200, 'the place to be free again')
  })

  test('one that comes to nothing takes no place', async () => {
    const door = await open({ limits: { streamsPerCaller: 1 } })
    const broken = modernCall('subscriptions/listen', { notifications: 7 })
    for (let count = 0; count < 3; count++) {
      const { error } = await readAnswer(await door.post('ada', broken.message, broken.headers))
      expect(error?.code).toBe(-32602)
    }
  })

  test('it ends when the token that opened it is no longer good', async () => {
    let isGood = true
    const door = await open({
      limits: { streamRecheckMs: 5 },
      findPrincipal: async (token) => (isGood ? tokens[token] : undefined),
    })
    const messages = messagesOf(await listen(door))
    expect(((await messages.next()).value as RpcAnswer).method).toBe(
      'notifications/subscriptions/acknowledged',
    )
    isGood = false
    let last: RpcAnswer | undefined
    for await (const message of messages) last = message
    expect(last?.method).not.toBe('notifications/tools/list_changed')
  })

  test('a resource that is denied cannot be watched either, however it is written', async () => {
    const policy: readonly PolicyRule[] = [{ deny: { resources: ['note://1'] } }]
    const door = await open({ policy })
    for (const uris of [['note://1'], ['note://2', 'note://1'], ['note://%31']]) {
      const { error } = await readAnswer(await listen(door, uris))
      expect(error).toMatchObject({ code: -32602 })
    }
    expect((await listen(door, ['note://2'])).status).toBe(200)
  })
})
