// Two runs with --state: the first keeps its sign-in, the second says what the server still knows of it and gives it back.

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { ConnectionMemory } from '../../src/client/connection-state.ts'
import type { DoctorReport } from '../../src/doctor/report.ts'
import { runPostern } from '../cli/postern-command.ts'
import { fault as grantForgotten } from './faults/grant-forgotten.ts'
import { brokenLab } from './lab/fault.ts'
import { createLab, type Lab, user } from './lab/lab.ts'
import { examineLab } from './lab/run.ts'
import { closeServed, served } from './served.ts'

afterAll(closeServed)

test('what a good server kept over a restart is passed, used, and given back', async () => {
  const lab = createLab()
  const { report: first, kept } = await examineAndKeep(lab)
  const signIns = first.effects.filter(({ did }) => did.startsWith('signed in'))
  expect(signIns).toEqual([{ did: 'signed in', undone: false, says: 'kept for a later run' }])
  lab.restart()
  const second = await examineLab(lab, { remembered: kept })
  expect(verdictsOf(second)).toEqual({ 'client-forgotten': 'passed', 'grant-forgotten': 'passed' })
  expect(second.findings).toEqual([])
  const probe = second.probes.find(({ name }) => name === 'remembered')
  expect(probe?.exchanges.map(({ label, status }) => [label, status])).toEqual([
    ['renew', 200],
    ['give-back', 200],
  ])
  expect(JSON.stringify(second)).not.toContain(kept?.tokens?.refreshToken)
})

test('a token that was handed over is not written down', async () => {
  const lab = createLab()
  const { kept } = await examineAndKeep(lab)
  const token = kept?.tokens?.accessToken
  const { kept: handed } = await examineAndKeep(lab, { token })
  expect(token).toBeDefined()
  expect(handed?.tokens).toBeUndefined()
})

test('a server that was down at the second run is not said to have forgotten', async () => {
  const lab = createLab()
  const { kept } = await examineAndKeep(lab)
  lab.addEdge((request, next) => {
    const isToken = new URL(request.url).pathname === '/token'
    return isToken ? new Response('Bad Gateway', { status: 502 }) : next(request)
  })
  const second = await examineLab(lab, { remembered: kept })
  expect(verdictsOf(second)).toEqual({
    'client-forgotten': 'could-not-run',
    'grant-forgotten': 'could-not-run',
  })
})

test('postern doctor --state FILE, twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-doctor-'))
  const file = join(folder, 'kept.json')
  const lab = await served(brokenLab(grantForgotten))
  const words = ['doctor', lab.url, '--state', file]
  const login = { POSTERN_LOGIN: `${user.username}:${user.password}` }
  try {
    const first = await runPostern(words, { env: login })
    expect(first.stdout).toContain('It signed in: kept for a later run.')
    expect(first.code).toBe(0)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    lab.restart()
    const second = await runPostern([...words, '--json'], { env: login })
    const report = JSON.parse(second.stdout) as DoctorReport
    expect(report.findings[0]).toMatchObject({
      id: 'grant-forgotten',
      cause: expect.stringContaining('invalid_grant'),
    })
    expect(second.code).toBe(1)
    const { connections } = JSON.parse(await readFile(file, 'utf8')) as { connections: object }
    expect(Object.keys(connections)).toEqual([`claude-hosted ${lab.url}`])
  } finally {
    await rm(folder, { recursive: true })
  }
})

async function examineAndKeep(
  lab: Lab,
  options: Parameters<typeof examineLab>[1] = {},
): Promise<{ report: DoctorReport; kept: ConnectionMemory | undefined }> {
  let kept: ConnectionMemory | undefined
  const onMemory = (memory: ConnectionMemory): void => {
    kept = memory
  }
  return { report: await examineLab(lab, { ...options, onMemory }), kept }
}

function verdictsOf({ checks }: DoctorReport): Record<string, string> {
  const about = checks.filter(({ id }) => id === 'client-forgotten' || id === 'grant-forgotten')
  return Object.fromEntries(about.map(({ id, verdict }) => [id, verdict]))
}
