// A real Chromium without a window: forms filled and pressed, and the answer to claude.ai caught before it leaves.

import { afterEach, expect, test } from 'vitest'
import { createHeadlessBrowser } from '../../src/client/browser-headless-node.ts'
import { claudeCode, claudeHosted } from '../../src/client/surfaces/index.ts'
import { household, login } from './connection.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
afterEach(() => server.close())

test.each([
  ['an answer for claude.ai', claudeHosted, 'https://claude.ai/api/mcp/auth_callback'],
  ['an answer for this machine', claudeCode, 'http://localhost:'],
])('%s', async (_, surface, redirectUri) => {
  server = await startScriptedServer({ pages: true })
  const browser = createHeadlessBrowser({ login, patienceSeconds: 30 })
  const connection = await household(server, surface).connect({ browser })
  expect(connection.failure).toBeUndefined()
  expect(server.seen.find(({ path }) => path === '/token')?.form.get('redirect_uri')).toContain(redirectUri)
  expect(JSON.stringify(connection)).not.toContain(login.password)
})

test('a wrong password is told as such', async () => {
  server = await startScriptedServer({ pages: true })
  const browser = createHeadlessBrowser({
    login: { ...login, password: 'wrong-password' },
    patienceSeconds: 30,
  })
  const connection = await household(server, claudeHosted).connect({ browser })
  expect(connection.failure).toMatchObject({ reason: 'sign-in' })
  expect(connection.failure?.says).toContain('were not accepted')
})
