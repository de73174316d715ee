// No token, code, verifier, secret, cookie or password in what the connector hands out, whatever way it went.

import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { createMask } from '../../src/client/mask.ts'
import { claudeCode, claudeHosted, strict } from '../../src/client/surfaces/index.ts'
import { household, login } from './connection.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
afterEach(() => server.close())

/** Everything secret that went over the wire, from the server's own records. */
function secretsOf(asked: ScriptedServer): string[] {
  const secrets = asked.seen.flatMap(({ form, headers, json }) => [
    ...['code', 'code_verifier', 'refresh_token', 'client_secret', 'token', 'password', 'csrf'].map((name) =>
      form.get(name),
    ),
    headers.get('authorization')?.split(' ')[1],
    headers.get('mcp-session-id'),
    headers.get('cookie')?.split('=')[1],
    json.client_secret,
  ])
  return [
    ...new Set(secrets.filter((secret): secret is string => typeof secret === 'string' && secret !== '')),
  ]
}

test.each([
  ['claude-code', claudeCode],
  ['claude-hosted', claudeHosted],
  ['strict', strict],
])('[HTTP-2025-11-25-19] %s: pages, a secret, a refresh, a step-up', async (_, surface) => {
  server = await startScriptedServer({
    pages: true,
    metadataDocuments: false,
    registeredMethod: 'client_secret_post',
    neededScope: 'mcp:extra',
  })
  const home = household(server, surface)
  const connection = await home.connect({
    calls: [{ name: 'echo', arguments: { hello: 'world' } }],
    refresh: true,
  })
  expect(connection.failure).toBeUndefined()
  const secrets = secretsOf(server)
  expect(secrets.length).toBeGreaterThan(10)
  expect(secrets).toContain(login.password)
  const text = JSON.stringify(connection)
  expect(
    secrets.filter((secret) => text.includes(secret) || text.includes(encodeURIComponent(secret))),
  ).toEqual([])
  expect(text).toContain('[access_token 1, ')
  expect(text).toContain('hello')
})

test('a failing refresh, a given secret by Basic and a token that a tool gives back', async () => {
  server = await startScriptedServer()
  const home = household(server, strict)
  const clientSecret = 'a secret that was given'
  await home.connect({ clientId: 'given', clientSecret })
  const token = home.memory?.tokens?.accessToken ?? ''
  const echoing = await home.connect({
    clientId: 'given',
    clientSecret,
    calls: [{ name: 'echo', arguments: { token } }],
  })
  server.expireTokens()
  server.switches.refreshAnswer = 'server_error'
  const failing = await home.connect({ clientId: 'given', clientSecret })
  expect(failing.failure).toBeDefined()
  for (const connection of [echoing, failing]) {
    const text = JSON.stringify(connection)
    const found = [...secretsOf(server), clientSecret, token].filter((secret) => text.includes(secret))
    expect(found).toEqual([])
  }
})

test('every step tells as it ends, masked as well', async () => {
  server = await startScriptedServer()
  const told: string[] = []
  await household(server, strict).connect({ onStep: (step) => told.push(JSON.stringify(step)) })
  expect(told.length).toBeGreaterThan(5)
  expect(secretsOf(server).filter((secret) => told.join().includes(secret))).toEqual([])
})

test('a learned secret is found in every spelling, whatever it is made of', async () => {
  server = await startScriptedServer()
  fc.assert(
    fc.property(fc.string({ minLength: 4, maxLength: 60 }), fc.string(), (secret, around) => {
      const mask = createMask()
      mask.learn('access_token', secret)
      for (const spelled of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
        const masked = mask.text(`${around}<${spelled}>`)
        expect(masked.endsWith(`<[access_token 1, ${secret.length} characters]>`)).toBe(true)
      }
    }),
  )
})

test('secrets are learned from answers that are not even JSON', async () => {
  server = await startScriptedServer()
  const mask = createMask()
  mask.learnBody('{"access_token": "tok-1234567890", "oops')
  mask.learnBody('refresh_token=ref-1234567890&x=1')
  mask.learnBody('{"content":[{"text":"{\\"client_secret\\":\\"sec-1234567890\\"}"}]}')
  mask.learnBody('{"redirect_to":"https://a.example/cb?state=s\\u0026code=jso-1234567890"}')
  mask.learnBody(`<script>location.href = 'https://a.example/cb?code=scr%2D1234567890&state=s'</script>`)
  mask.learnBody('<a href="https://a.example/cb?state=s&amp;code=pag-1234567890">On we go</a>')
  mask.learnHeaders(new Headers({ location: 'https://a.example/cb?code=cod-1234567890&state=s' }))
  mask.learnHeaders(new Headers({ 'set-cookie': 'sid=coo-1234567890; Path=/; HttpOnly, lang=en' }))
  const text = mask.text(
    'tok-1234567890 ref-1234567890 sec-1234567890 cod-1234567890 coo-1234567890 jso-1234567890 scr%2D1234567890 scr-1234567890 pag-1234567890 lang=en Path',
  )
  expect(text).not.toContain('1234567890')
  expect(text).toContain('lang=en Path')
})
