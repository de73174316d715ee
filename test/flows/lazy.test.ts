// A connector that is open in part, from the first request to the call that needed a sign-in: through the whole door, as Claude's clients and the SDKs come.

import { describe, expect, test } from 'vitest'
import { createFetchBrowser } from '../../src/client/browser-fetch.ts'
import type { ConnectOptions } from '../../src/client/connector.ts'
import type { Surface } from '../../src/client/surface.ts'
import { claudeCode, claudeHosted, strict } from '../../src/client/surfaces/index.ts'
import type { ConnectorOptions } from '../../src/index.ts'
import { isRequest } from '../../src/mcp/json-rpc.ts'
import { findBearerChallenge } from '../../src/oauth/www-authenticate.ts'
import { household, steps } from '../client/connection.ts'
import {
  account,
  authorizeUrl,
  callMcp,
  type Door,
  notesUpstream,
  openDoor,
  pkce,
  register,
  token,
} from '../door.ts'
import { connectSdkV1, connectSdkV2 } from './sdk-clients.ts'

interface Lazy {
  door: Door
  /** The tools that the upstream was asked to call. */
  called: string[]
}

async function openLazy(changes: Partial<ConnectorOptions> = {}): Promise<Lazy> {
  const called: string[] = []
  const upstream = notesUpstream()
  const post: typeof upstream.post = (call) => {
    for (const message of call.messages)
      if (isRequest(message) && message.method === 'tools/call') called.push(String(message.params?.name))
    return upstream.post(call)
  }
  const connector = {
    name: 'Notes',
    access: 'lazy' as const,
    publicTools: ['search'],
    upstream: { ...upstream, post },
    ...changes,
  }
  return { door: await openDoor({ connector }), called }
}

const surfaces = [claudeHosted, claudeCode, strict].map(
  (surface: Surface) => [surface.title, surface] as const,
)
const erase = { name: 'erase', arguments: {} }
const search = { name: 'search', arguments: {} }

function throughDoor(door: Door): Pick<ConnectOptions, 'fetch' | 'clock'> {
  return {
    fetch: (input, init) => door.fetch(String(input), init),
    clock: () => door.clock.now,
  }
}

describe('a client that comes without a token', () => {
  test.each(surfaces)(
    '[HS-06] %s lists and calls what is public, and nobody has to sign in',
    async (_, surface) => {
      const { door, called } = await openLazy()
      const connection = await household({ url: door.mcpUrl }, surface).connect({
        ...throughDoor(door),
        browser: undefined,
        calls: [search],
      })
      expect(connection.failure).toBeUndefined()
      expect(connection.tools.map(({ name }) => name)).toEqual(['search', 'erase'])
      expect(steps(connection)).toEqual(['probe passed', 'lists passed', 'call passed'])
      expect(called).toEqual(['search'])
      expect((await door.storage.listGrants({}, 10)).length).toBe(0)
    },
  )

  test.each(surfaces)(
    '[HS-06] [MUX-03] %s is sent to sign in by the protected call, before the upstream hears of it, and repeats it',
    async (_, surface: Surface) => {
      const { door, called } = await openLazy()
      const home = household({ url: door.mcpUrl }, surface)
      const person = createFetchBrowser(account)
      const first = await home.connect({
        ...throughDoor(door),
        browser: {
          ...person,
          visit(visit) {
            expect(called, 'not yet').toEqual(['search'])
            return person.visit(visit)
          },
        },
        calls: [search, erase],
        refresh: true,
      })
      expect(first.failure).toBeUndefined()
      expect(called).toEqual(['search', 'erase', 'search', 'erase'])
      expect(first.transcript.steps.flatMap(({ problems }) => problems)).toEqual([])
      const names = steps(first)
      expect(names.slice(0, 5), 'a challenge is no fault').toEqual([
        'probe passed',
        'lists passed',
        'call passed',
        'call passed',
        'discovery passed',
      ])
      const [grant] = await door.storage.listGrants({}, 10)
      expect(grant).toMatchObject({ resource: door.mcpUrl, scope: ['read', 'write'] })

      const again = await home.connect({ ...throughDoor(door), browser: undefined, calls: [erase] })
      expect(again.failure).toBeUndefined()
      expect(steps(again)).toEqual(['session passed', 'lists passed', 'call passed'])
    },
  )

  test.each([
    ['v1', connectSdkV1],
    ['v2', connectSdkV2],
  ] as const)('[HS-06] so is the SDK %s, which only the person’s way is added to', async (_, connectSdk) => {
    const { door, called } = await openLazy()
    const client = await connectSdk(door)
    expect(await client.listTools()).toEqual(['search', 'erase'])
    expect(await client.call('search')).toBe('called search')
    expect(client.signIns).toBe(0)
    expect(await client.call('erase')).toBe('called erase')
    expect(client.signIns).toBe(1)
    expect(called).toEqual(['search', 'erase'])
  })
})

describe('the eager form of the URL', () => {
  test.each(surfaces)(
    '[HS-06] makes %s sign in at once, for the very resource of the plain one',
    async (_, surface) => {
      const { door } = await openLazy()
      const eager = `${door.mcpUrl}?auth=eager`
      const home = household({ url: eager }, surface)
      const connection = await home.connect({
        ...throughDoor(door),
        browser: createFetchBrowser(account),
        calls: [erase],
      })
      expect(connection.failure).toBeUndefined()
      expect(steps(connection).slice(0, 2)).toEqual(['probe passed', 'discovery passed'])
      expect(connection.transcript.steps.flatMap(({ problems }) => problems)).toEqual([])
      const [grant] = await door.storage.listGrants({}, 10)
      expect(grant?.resource).toBe(door.mcpUrl)
      const plain = await callMcp(door, home.memory?.tokens?.accessToken, { id: 1, method: 'tools/list' })
      expect(plain.status).toBe(200)
    },
  )

  test('[ASU-04] its 401 names metadata in its own form, which only a query tells from the plain one', async () => {
    const { door } = await openLazy()
    const probe = await callMcp({ ...door, mcpUrl: door.mcpUrl }, undefined, { id: 1, method: 'tools/list' })
    expect(probe.status).toBe(200)
    const eager = await door.fetch('/mcp?auth=eager', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    })
    expect(eager.status).toBe(401)
    const metadata = findBearerChallenge(eager.headers.get('www-authenticate'))?.resourceMetadata ?? ''
    expect(metadata).toBe(`${door.origin}/.well-known/oauth-protected-resource/mcp?auth=eager`)
    expect(await (await door.fetch(metadata.slice(door.origin.length))).json()).toMatchObject({
      resource: `${door.mcpUrl}?auth=eager`,
    })
  })
})

describe('a client that reads the challenge in the result of a tool', () => {
  const initialize = {
    id: 0,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'openai-mcp', version: '1.0.0' },
    },
  }
  const call = { id: 2, method: 'tools/call', params: { name: 'erase', arguments: {} } }

  test('[HS-06] finds what it needs there to sign in, and calls again', async () => {
    const { door, called } = await openLazy()
    const opened = await callMcp(door, undefined, initialize)
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
    const refused = await callMcp(door, undefined, call, session)
    expect(refused.status).toBe(200)
    const { result } = (await refused.json()) as {
      result: { isError: boolean; _meta: Record<string, string[]> }
    }
    expect(result.isError).toBe(true)
    const [header] = result._meta['mcp/www_authenticate'] ?? []
    const challenge = findBearerChallenge(header)
    expect(challenge).toMatchObject({ scope: 'read write', error: expect.any(String) })

    const metadataUrl = new URL(challenge?.resourceMetadata ?? '')
    const metadata = (await (await door.fetch(metadataUrl.pathname)).json()) as { resource: string }
    const clientId = String((await register(door)).client_id)
    const { verifier, challenge: codeChallenge } = pkce()
    const asked = { resource: metadata.resource, scope: challenge?.scope }
    const redirect = await door.browser().approve(authorizeUrl(door, clientId, codeChallenge, asked))
    const { body } = await token(door, {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      client_id: clientId,
      code_verifier: verifier,
      resource: metadata.resource,
    })
    expect(called).toEqual([])
    const answered = await callMcp(door, String(body.access_token), call, session)
    expect(await answered.text()).toContain('called erase')
    expect((await callMcp(door, undefined, call, session)).status, 'the session is theirs').toBe(401)
  })

  test('[HS-06] its story and its name are those of the connector', async () => {
    const { door } = await openLazy()
    await callMcp(door, undefined, call)
    expect(door.events.find(({ name }) => name === 'mcp.refused')).toMatchObject({
      connector: '/mcp',
      status: 401,
      reason: 'no token',
    })
  })
})
