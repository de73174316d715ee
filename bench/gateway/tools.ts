/** What the benchmarks of the gateway borrow from the system: wrk to send, nginx to compare with, taskset to keep them apart. */

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Of two cores: what is measured has one to itself, sender and upstream share the other. */
export const measuredCore = 0
export const loadCore = 1

/** Throws with what to install. */
export function requireTools(): void {
  const missing = ['wrk', 'nginx', 'taskset'].filter((name) => spawnSync('which', [name]).status !== 0)
  if (missing.length === 0) return
  throw new Error(`${missing.join(', ')} missing; on Debian: apt-get install nginx wrk util-linux`)
}

export function toolVersions(): string {
  const nginx = spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr.trim()
  const wrk = spawnSync('wrk', ['-v'], { encoding: 'utf8' }).stdout.split(' [')[0]
  return `${nginx.replace('nginx version: ', '')}, ${wrk}, Node ${process.version}`
}

/** All threads of a process. */
export function pin(pid: number, core: number): void {
  spawnSync('taskset', ['-acp', String(core), String(pid)])
}

const ticksPerSecond = 100

/** Seconds of processor time that a process has used so far, and its children that still run. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  return childrenOf(pid).reduce((sum, child) => sum + processorSeconds(child), own)
}

function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`)
  const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'))
  return lists
    .flatMap((list) => list.trim().split(' '))
    .flatMap((child) => (child === '' ? [] : [Number(child)]))
}

export interface MeasuredCall {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}

export interface Sent {
  perSecond: number
  errors: number
}

/** As many requests as come back, over connections that stay open. */
export async function sendForSeconds(
  call: MeasuredCall,
  seconds: number,
  connections: number,
): Promise<Sent> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-wrk-'))
  const script = join(directory, 'call.lua')
  const headers = Object.entries(call.headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  )
  writeFileSync(
    script,
    ['wrk.method = "POST"', `wrk.body = ${JSON.stringify(call.body)}`, ...headers, report].join('\n'),
  )
  const words = [
    '-c',
    String(loadCore),
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '-s',
    script,
    call.url,
  ]
  const child = spawn('taskset', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  rmSync(directory, { recursive: true })
  const found = /^sent (\d+) in (\d+) us, (\d+) wrong$/m.exec(text)
  if (found === null) throw new Error(`wrk said: ${text}`)
  const [, requests, microseconds, errors] = found.map(Number)
  return { perSecond: ((requests ?? 0) * 1e6) / (microseconds ?? 1), errors: errors ?? 0 }
}

const report = `
done = function(summary)
  local wrong = summary.errors
  print(string.format("sent %d in %d us, %d wrong", summary.requests, summary.duration,
    wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout))
end`

export interface Nginx {
  pid: number
  stop(): Promise<void>
}

/** One worker, on one core, with what stands in the server block. */
export async function startNginx(core: number, http: string): Promise<Nginx> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-nginx-'))
  const file = join(directory, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
events { worker_connections 20000; }
http {
  access_log off; keepalive_requests 100000000; client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/f; uwsgi_temp_path ${directory}/u; scgi_temp_path ${directory}/s;
${http}
}
`,
  )
  const child = spawn('taskset', ['-c', String(core), 'nginx', '-p', directory, '-c', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  return {
    pid: child.pid ?? 0,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      process.off('exit', killAtExit)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
