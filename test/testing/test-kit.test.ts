// The test kit as a server's author uses it: three lines, in process or by a URL, and messages that tell what was wrong.

import { expect, test } from 'vitest'
import { connectAs, examineAs } from '../../src/testing.ts'
import { fault as challengeMissing } from '../doctor/faults/challenge-missing.ts'
import { atPath, brokenLab, changed } from '../doctor/lab/fault.ts'
import { createLab, type Lab, user } from '../doctor/lab/lab.ts'

const inProcess = (lab: Lab): { login: typeof user; fetch: (request: Request) => Promise<Response> } => ({
  login: user,
  fetch: (request) => lab.fetch(request),
})

test('three lines', async () => {
  const lab = createLab()
  const claude = await connectAs('claude-hosted', lab.url, inProcess(lab))
  claude.expectConnected()
  claude.expectTools('search_notes', 'delete_note')
})

test.each([
  'claude-hosted',
  'claude-hosted+origin',
  'claude-hosted-2025',
  'claude-code',
  'inspector',
  'vscode',
  'chatgpt',
  'strict',
])('%s: calls in a later conversation without signing in, and renews its token', async (name) => {
  // One client wants a session id, which this lab does not give.
  const lab = createLab()
  if (name === 'claude-hosted-2025')
    lab.addEdge(atPath('/mcp', changed({ headers: { 'Mcp-Session-Id': 's' } })))
  const client = await connectAs(name, lab.url, inProcess(lab))
  client.expectConnected()
  expect(await client.call('search_notes', { text: 'x' })).toMatchObject({
    content: [{ type: 'text', text: 'done' }],
  })
  await client.refresh()
})

test('what went over the wire', async () => {
  const lab = createLab()
  const claude = await connectAs('claude-hosted', lab.url, inProcess(lab))
  claude.expectSteps('probe', 'discovery', 'registration', 'authorization', 'token', 'session', 'lists')
  claude.expectStep('registration')
  const registration = claude.expectRequest('POST', '/register')
  expect(JSON.parse(registration.requestBody ?? '')).toMatchObject({ client_name: 'Claude' })
  claude.expectNoRequest('DELETE', '/mcp')
  expect(() => claude.expectNoRequest('POST', /token$/)).toThrow('was asked for')
  expect(() => claude.expectTools('fly')).toThrow('fly is not among the tools: search_notes, delete_note')
  expect(() => claude.expectRefused('no')).toThrow('It connected')
  expect(() => claude.expectStep('refresh')).toThrow('never came to that step')
})

test('a server that refuses: the reason first, then the whole way', async () => {
  const lab = createLab()
  lab.addEdge(atPath('/token', changed({ status: 400, body: '{"error":"invalid_grant"}' })))
  const claude = await connectAs('claude-hosted', lab.url, inProcess(lab))
  claude.expectRefused('invalid_grant')
  claude.expectStep('token', 'failed')
  expect(() => claude.expectRefused(/nonsense/)).toThrow('another reason')
  const message = failureOf(() => claude.expectConnected())
  expect(message).toMatch(/^It did not connect: .*invalid_grant/)
  expect(message).toContain('passed  Get a client id')
  expect(message).toContain('POST https://mcp.lab.example/token -> 400')
  expect(message).not.toContain(user.password)
})

test('a wrong password is a failed sign-in, not an exception', async () => {
  const lab = createLab()
  const claude = await connectAs('claude-code', lab.url, {
    ...inProcess(lab),
    login: { username: 'ada', password: 'wrong' },
  })
  claude.expectStep('authorization', 'failed')
})

test('a token that was come by elsewhere', async () => {
  const lab = createLab({ access: 'none' })
  const api = await connectAs('messages-api', lab.url, { ...inProcess(lab), token: 'anything' })
  api.expectConnected()
  api.expectSteps('session', 'lists')
})

test('the doctor in a test', async () => {
  const lab = createLab()
  const examined = await examineAs('claude-hosted', lab.url, inProcess(lab))
  examined.expectHealthy()
  expect(() => examined.expectFirst('challenge-missing')).toThrow('first, not challenge-missing')
  const broken = brokenLab(challengeMissing)
  const sick = await examineAs('claude-hosted', broken.url, inProcess(broken))
  sick.expectFirst('challenge-missing')
  expect(failureOf(() => sick.expectHealthy())).toContain('Fix: ')
  const others = sick.report.findings.map(({ id }) => id)
  sick.expectHealthy({ except: others, warnings: 'refused' })
})

test('a client that nobody knows', async () => {
  await expect(connectAs('claude-hosed', 'https://mcp.lab.example/mcp')).rejects.toThrow('known are')
  await expect(connectAs('claude-hosted+x', 'https://mcp.lab.example/mcp')).rejects.toThrow('no variant')
})

function failureOf(action: () => void): string {
  try {
    action()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('nothing was thrown')
}
