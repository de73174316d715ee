// The GitHub Action, as a runner would run it: its script in bash, with the command of this checkout in the place of npx.

import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { fault as challengeMissing } from '../doctor/faults/challenge-missing.ts'
import { brokenLab } from '../doctor/lab/fault.ts'
import { createLab, type Lab, user } from '../doctor/lab/lab.ts'
import { closeServed, served } from '../doctor/served.ts'
import { repositoryRoot } from '../interop/child.ts'

interface Action {
  inputs: Record<string, { default?: string }>
  runs: { steps: { run?: string; env?: Record<string, string> }[] }
}

const action = parse(readFileSync(join(repositoryRoot, 'action.yml'), 'utf8')) as Action
const { run: script = '', env = {} } = action.runs.steps.find(({ run }) => run !== undefined) ?? {}
/** Input name to its variable, as the step's `env` has it. */
const variables = new Map(
  Object.entries(env).map(([variable, value]) => [
    /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1] ?? value,
    variable,
  ]),
)
const inputs = new Map(Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']))

const folder = mkdtempSync(join(tmpdir(), 'postern-action-'))
let good: Lab
let broken: Lab

beforeAll(async () => {
  mkdirSync(join(folder, 'bin'))
  const stub = `#!/bin/sh\n[ "$1 $2" = "--yes postern@latest" ] || exit 99\nshift 2\nexec ${process.execPath} ${repositoryRoot}/bin/postern.js "$@"\n`
  writeFileSync(join(folder, 'bin', 'npx'), stub)
  chmodSync(join(folder, 'bin', 'npx'), 0o755)
  good = await served(createLab())
  broken = await served(brokenLab(challengeMissing))
})

afterAll(() => {
  closeServed()
  rmSync(folder, { recursive: true })
})

test('every input reaches the script by the environment, and none is part of it', () => {
  expect([...variables.keys()].sort()).toEqual([...inputs.keys()].sort())
  expect(script).not.toContain('${{')
})

test('a broken server fails the step, with annotations and a summary', async () => {
  const { code, output, summary } = await runAction({ url: broken.url })
  expect(code).toBe(1)
  expect(output).toMatch(/^::error title=The 401 carries no Bearer challenge/m)
  expect(summary).toMatch(/^## ✖ The 401 carries no Bearer challenge/)
})

test('a good server passes, signed in, with every file that was asked for', async () => {
  const sarif = join(folder, 'r.sarif')
  const html = join(folder, 'r.html')
  const login = `${user.username}:${user.password}`
  const { code, output, summary } = await runAction({ url: good.url, login, intrusive: 'true', sarif, html })
  expect(output).toContain('as far as the lists')
  expect(code).toBe(0)
  expect(summary).toContain('Nothing stands in Claude’s way')
  expect(JSON.parse(readFileSync(sarif, 'utf8'))).toMatchObject({ version: '2.1.0' })
  expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/)
})

test('an input is a word, not a script', async () => {
  const { code, output } = await runAction({ url: 'http://127.0.0.1:9/mcp"; echo owned; "' })
  expect(code).not.toBe(0)
  expect(output).not.toMatch(/^owned$/m)
})

async function runAction(
  given: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string; summary: string }> {
  const summaryPath = join(folder, 'summary.md')
  writeFileSync(summaryPath, '')
  const values = [...inputs].map(([name, value]) => [variables.get(name) ?? name, given[name] ?? value])
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
    env: {
      HOME: folder,
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      GITHUB_STEP_SUMMARY: summaryPath,
      ...Object.fromEntries(values),
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output, summary: readFileSync(summaryPath, 'utf8') }
}
