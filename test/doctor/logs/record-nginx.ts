// Records the fixtures beside it: `postern connect` through a real nginx (1.22) to the lab, whose access log is written in each format. Run by hand: node test/doctor/logs/record-nginx.ts

import { execFile, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findFreePort } from '../../interop/loopback.ts'
import { brokenLab, type Fault, loadFaults } from '../lab/fault.ts'
import { user } from '../lab/lab.ts'
import { closeServed, served } from '../served.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const fixtures = join(import.meta.dirname, 'fixtures')

/** What is recorded: who connects, and what is broken. */
const scenarios: readonly (readonly [name: string, client: string, fault: string | undefined])[] = [
  ['good-hosted', 'claude-hosted', undefined],
  ['good-code', 'claude-code', undefined],
  ['registration-blocked', 'claude-hosted', 'registration-blocked'],
  ['token-form-refused', 'claude-hosted', 'token-form-refused'],
  ['agent-refused-with-token', 'claude-hosted', 'agent-refused-with-token'],
  ['authorization-header-lost', 'claude-hosted', 'authorization-header-lost'],
  ['callback-keeps-post', 'claude-hosted', 'callback-keeps-post'],
  ['resource-mismatch', 'claude-code', 'resource-mismatch'],
]

const formats = ['combined', 'common', 'json', 'caddy'] as const

function configuration(folder: string, port: number, upstream: string): string {
  return `
daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  log_format common '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent';
  log_format json escape=json '{"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr","request":"$request","status":"$status","body_bytes_sent":"$body_bytes_sent","request_time":"$request_time","http_user_agent":"$http_user_agent"}';
  map $http_authorization $shown { '' ''; default ',"Authorization":["REDACTED"]'; }
  log_format caddy escape=none '{"level":"info","ts":$msec,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"$remote_addr","remote_port":"$remote_port","client_ip":"$remote_addr","proto":"$server_protocol","method":"$request_method","host":"$host","uri":"$request_uri","headers":{"User-Agent":["$http_user_agent"]$shown}},"duration":$request_time,"size":$body_bytes_sent,"status":$status}';
  ${formats.map((format) => `access_log ${folder}/${format}.log ${format};`).join(' ')}
  server { listen 127.0.0.1:${port}; location / { proxy_pass ${upstream}; proxy_http_version 1.1; proxy_set_header Host $http_host; } }
}
`
}

const faults = await loadFaults()
mkdirSync(fixtures, { recursive: true })
for (const [name, client, broken] of scenarios) {
  const chosen: Fault[] = faults.filter(({ id }) => id === broken)
  const lab = await served(brokenLab(...chosen))
  const port = await findFreePort()
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port, new URL(lab.url).origin))
  lab.issuer = `http://127.0.0.1:${port}`
  lab.url = `${lab.issuer}/mcp`
  const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'inherit' })
  await wait(300)
  const arguments_ = [join(root, 'bin/postern.js'), 'connect', lab.url, '--as', client, '--browser', 'fetch']
  const env = { ...process.env, POSTERN_LOGIN: `${user.username}:${user.password}` }
  const { stdout } = await promisify(execFile)(process.execPath, arguments_, { env }).catch((error) => error)
  process.stdout.write(`${name}: ${String(stdout).trim().split('\n').at(-1)}\n`)
  nginx.kill('SIGQUIT')
  await new Promise((resolve) => nginx.once('exit', resolve))
  for (const format of formats)
    copyFileSync(join(folder, `${format}.log`), join(fixtures, `${name}.${format}.log`))
}
closeServed()
