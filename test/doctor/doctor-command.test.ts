// The command as people run it, against servers on real sockets: what it prints, how it ends, and how long it takes.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DoctorReport } from '../../src/doctor/report.ts'
import { reportSchema } from '../../src/doctor/report-schema.ts'
import { runPostern } from '../cli/postern-command.ts'
import { atPath, brokenLab, changed } from './lab/fault.ts'
import { createLab, type Lab, user } from './lab/lab.ts'
import { closeServed, served } from './served.ts'

let good: Lab
let broken: Lab

beforeAll(async () => {
  good = await served(createLab())
  broken = await served(
    brokenLab({
      rows: [],
      says: '',
      break: (lab) => lab.addEdge(atPath('/mcp', changed({ headers: { 'WWW-Authenticate': undefined } }))),
    }),
  )
})

afterAll(closeServed)

test('a good server: nothing found, exit 0, what is to be looked at before going public, and not after minutes', async () => {
  const began = performance.now()
  const { code, stdout } = await runPostern(['doctor', good.url])
  expect(stdout).toContain('Nothing stands in Claude’s way, as far as registration')
  expect(stdout).toContain('Before you go public, look at: url-not-public-https')
  expect(stdout).toMatch(/It registered the client .+: removed\./)
  expect(code).toBe(0)
  expect(performance.now() - began).toBeLessThan(30_000)
})

test('a broken server: the first failure, its cause and its fix, exit 1', async () => {
  const { code, stdout } = await runPostern(['doctor', broken.url])
  expect(stdout).toMatch(/^\n✖ The 401 carries no Bearer challenge/)
  expect(stdout).toContain('the 401 carries no WWW-Authenticate')
  expect(stdout).toContain('challenge-missing')
  expect(code).toBe(1)
})

test('--json is of the published form, for the whole way', async () => {
  const words = ['doctor', good.url, '--json', '--intrusive', '--as', 'claude-hosted']
  const { code, stdout } = await runPostern(words, {
    // An empty token is none.
    env: { POSTERN_LOGIN: `${user.username}:${user.password}`, POSTERN_TOKEN: '' },
  })
  const report = JSON.parse(stdout) as DoctorReport
  expect(() => reportSchema.parse(report)).not.toThrow()
  expect(report).toMatchObject({ verdict: 'works', until: 'lists', isLocal: true, findings: [] })
  expect(report.effects.every(({ undone }) => undone)).toBe(true)
  expect(stdout).not.toContain(user.password)
  expect(code).toBe(0)
})

test('nobody there: said in a report, not in a stack', async () => {
  const { code, stdout, stderr } = await runPostern(['doctor', 'http://127.0.0.1:9/mcp'])
  expect(stdout).toContain('The server does not answer at all')
  expect(stderr).toBe('')
  expect(code).toBe(1)
})

test.each([
  [['doctor']],
  [['doctor', 'no-url']],
  [['doctor', 'http://127.0.0.1:9/mcp', '--call', '{"a":1}']],
])('wrong usage %j ends with 2', async (words) => {
  const { code, stderr } = await runPostern(words)
  expect(stderr).toContain('Error:')
  expect(code).toBe(2)
})
