/** The container file and the systemd unit: read line by line everywhere, and what can be run without a container is run. */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { healthPath } from '../../src/app/health.ts'
import { repositoryRoot } from '../interop/child.ts'
import { isInstalled, readDeployFile } from './deploy-files.ts'

interface Instruction {
  name: string
  rest: string
}

/** Dockerfile reference, "Format". */
function readInstructions(text: string): Instruction[] {
  const lines = text.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '')
  return [...lines.matchAll(/^([A-Z]+)\s+(.*)$/gm)].map(([, name = '', rest = '']) => ({ name, rest }))
}

const instructions = readInstructions(readDeployFile('Dockerfile'))
const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
const lastValueOf = (name: string): string => lastStage.find((one) => one.name === name)?.rest ?? ''

test('it runs as a user with a number that is not root, who owns one folder', () => {
  const [user] = lastValueOf('USER').split(':')
  expect(Number(user)).toBeGreaterThan(0)
  const afterUser = lastStage.slice(lastStage.findIndex(({ name }) => name === 'USER'))
  expect(afterUser.map(({ name }) => name)).not.toContain('RUN')
  expect(lastValueOf('VOLUME')).toBe('/data')
  expect(lastStage.find(({ name }) => name === 'RUN')?.rest).toContain(`install -d -o ${user}`)
})

test('what is copied into it is there, and is not kept out', () => {
  const ignored = readDeployFile('Dockerfile.dockerignore').split('\n')
  expect(ignored).toContain('*')
  const copied = instructions
    .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from'))
    .flatMap(({ rest }) => rest.split(' ').slice(0, -1))
  expect(copied).toContain('package-lock.json')
  for (const path of copied) {
    const name = path.replace('./', '')
    expect(existsSync(join(repositoryRoot, name))).toBe(true)
    expect(ignored).toContain(`!${name}`)
  }
})

/** What Docker would run in the container, in this place. */
async function runHealthCheck(port: number): Promise<number | null> {
  const [, command = '[]'] = lastValueOf('HEALTHCHECK').split('CMD ')
  const [program, ...words] = JSON.parse(command) as string[]
  expect(program).toBe('node')
  const child = spawn(process.execPath, words, { env: { POSTERN_PORT: String(port) }, stdio: 'ignore' })
  return new Promise((resolve) => child.once('exit', resolve))
}

test('its health check says whether the door answers', async () => {
  const asked: string[] = []
  let status = 200
  const door = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const { port } = door.address() as AddressInfo
  expect(await runHealthCheck(port)).toBe(0)
  expect(asked).toEqual([healthPath])
  status = 503
  expect(await runHealthCheck(port)).toBe(1)
  await new Promise((resolve) => door.close(resolve))
  expect(await runHealthCheck(port)).toBe(1)
})

const unit = readDeployFile('systemd/postern.service')

test('the unit gives Postern a user, a folder and time of its own, and nothing else', () => {
  const said = new Map([...unit.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
  expect(said.get('DynamicUser')).toBe('yes')
  expect(said.get('Environment')).toBe(`POSTERN_DATA=/var/lib/${said.get('StateDirectory')}`)
  expect(said.get('StateDirectoryMode')).toBe('0700')
  expect(said.get('ProtectSystem')).toBe('strict')
  expect(said.get('CapabilityBoundingSet')).toBe('')
  expect(Number(said.get('TimeoutStopSec'))).toBeGreaterThan(8)
  // Commands on stdio are ended by Postern, after their calls.
  expect(said.get('KillMode')).toBe('mixed')
  // JavaScript is compiled into memory that is written and run.
  expect(said.has('MemoryDenyWriteExecute')).toBe(false)
})

test.skipIf(!isInstalled('systemd-analyze'))(
  'systemd finds nothing wrong with the unit (only where systemd-analyze is installed)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-unit-'))
    try {
      // The program is wherever npm put it; everything else is judged as it is.
      const here = unit.replace('/usr/local/bin/postern serve', `${process.execPath} --version`)
      expect(here).not.toBe(unit)
      writeFileSync(join(folder, 'postern.service'), here)
      expect(await verify(join(folder, 'postern.service'))).toEqual({ code: 0, said: '' })
      writeFileSync(join(folder, 'postern.service'), here.replace('ProtectProc=', 'ProtectProcess='))
      expect((await verify(join(folder, 'postern.service'))).said).toContain('ProtectProcess')
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

async function verify(path: string): Promise<{ code: number | null; said: string }> {
  const child = spawn('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', path])
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, said: said.trim() }
}
