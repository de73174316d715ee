/** The configurations of nginx, Caddy and Traefik: read line by line everywhere, and those of nginx and Caddy tried with the real programs where these are installed. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readyPath } from '../../src/app/health.ts'
import { account } from '../door.ts'
import { type Child, startChild } from '../interop/child.ts'
import { findFreePort } from '../interop/loopback.ts'
import { obtainTokens } from '../interop/plain-sign-in.ts'
import {
  deployFolder,
  isInstalled,
  readDeployFile,
  readDirectives,
  readManifests,
  saidIn,
} from './deploy-files.ts'
import { type DoorBehindProxy, openBehindProxy } from './door-behind-proxy.ts'

const nginxConf = readDeployFile('nginx.conf')
const caddyfile = readDeployFile('Caddyfile')

test('nginx is told to hold nothing back, to keep the Host, and to say who asks in a header that nobody else can fill', () => {
  const root = readDirectives(nginxConf)
  const said = saidIn(root, 'server', 'location /')
  expect(said.get('proxy_pass')).toEqual(['http://postern'])
  expect(said.get('proxy_buffering')).toEqual(['off'])
  expect(said.get('proxy_http_version')).toEqual(['1.1'])
  expect(said.get('proxy_read_timeout')).toEqual(['1h'])
  expect(said.get('proxy_set_header')).toEqual([
    'Connection ',
    'Host $http_host',
    'X-Forwarded-For $remote_addr',
  ])
  expect(saidIn(root, 'upstream postern').has('least_conn')).toBe(true)
  expect([...said.keys()]).not.toContain('proxy_hide_header')
})

test('Caddy is told to hold nothing back, and to pass over instances that are not ready', () => {
  const said = saidIn(readDirectives(caddyfile), '{$POSTERN_HOST_NAME}', 'reverse_proxy')
  expect(said.get('flush_interval')).toEqual(['-1'])
  expect(said.get('health_uri')).toEqual([readyPath])
  expect(said.get('lb_policy')).toEqual(['least_conn'])
})

test('Traefik passes the whole host on, at once, to whichever instance is ready', () => {
  expect(readManifests('traefik.yaml')).toEqual([
    {
      http: {
        routers: {
          postern: {
            rule: 'Host(`mcp.example.com`)',
            entryPoints: ['websecure'],
            service: 'postern',
            tls: { certResolver: 'letsencrypt' },
          },
        },
        services: {
          postern: {
            loadBalancer: {
              servers: [{ url: 'http://127.0.0.1:8787' }],
              passHostHeader: true,
              healthCheck: { path: readyPath, interval: '2s', timeout: '2s' },
              responseForwarding: { flushInterval: '-1ms' },
            },
          },
        },
      },
    },
  ])
})

test('a block that is not closed, or closed twice, is seen', () => {
  expect(() => readDirectives('server {\n listen 443;')).toThrow('not closed')
  expect(() => readDirectives('server {\n}\n}')).toThrow('line 3')
})

/** Below those that programs are given: nothing listens there. */
const nobodysPort = 1

interface Proxy {
  program: string
  /** Before two addresses, of which the first is of nobody. */
  start(port: number, dead: number, door: number, folder: string): Child
}

const proxies: readonly Proxy[] = [
  {
    program: 'nginx',
    start(port, dead, door, folder) {
      const here = nginxConf
        .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
        .replace(/^ *ssl_certificate.*\n/gm, '')
        .replace('server_name mcp.example.com;', 'server_name localhost;')
        .replace('server 127.0.0.1:8787 ', `server 127.0.0.1:${dead} `)
        .replace('# server 10.0.0.6:8787 ', `server 127.0.0.1:${door} `)
      writeFileSync(join(folder, 'nginx.conf'), nginxAround(here, folder))
      return startChild('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'])
    },
  },
  {
    program: 'caddy',
    start(port, dead, door, folder) {
      // Its own interface would listen where another Caddy of this machine does.
      writeFileSync(
        join(folder, 'Caddyfile'),
        `{\n\tadmin off\n}\nimport ${join(deployFolder, 'Caddyfile')}\n`,
      )
      return startChild('caddy', ['run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')], {
        env: {
          POSTERN_HOST_NAME: `http://localhost:${port}`,
          POSTERN_INSTANCES: `127.0.0.1:${dead} 127.0.0.1:${door}`,
          XDG_DATA_HOME: folder,
          XDG_CONFIG_HOME: folder,
        },
      })
    },
  },
]

/** What stands around the file on a machine, with every path of it in one folder. */
function nginxAround(included: string, folder: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${join(folder, name)};`,
  )
  return [
    'daemon off;',
    'master_process off;',
    `pid ${join(folder, 'nginx.pid')};`,
    'error_log stderr;',
    'events {',
    '}',
    'http {',
    '  access_log off;',
    ...paths,
    included,
    '}',
    '',
  ].join('\n')
}

describe.each(proxies)('$program', ({ program, start }) => {
  describe.skipIf(!isInstalled(program))(
    `before Postern (only where it is installed: apt-get install ${program})`,
    () => {
      const folder = mkdtempSync(join(tmpdir(), `postern-${program}-`))
      let proxy: Child
      let door: DoorBehindProxy
      beforeAll(async () => {
        const port = await findFreePort()
        door = await openBehindProxy(`http://localhost:${port}`)
        proxy = start(port, nobodysPort, door.port, folder)
        await Promise.race([untilReached(`${door.origin}/healthz`), untilGone(proxy)])
      })
      afterAll(async () => {
        await proxy?.stop()
        await door?.close()
        rmSync(folder, { recursive: true, force: true })
      })

      test('a client connects, although one of the addresses is of nobody', async () => {
        for (let index = 0; index < 3; index++) {
          const { accessToken } = await obtainTokens(door.mcpUrl, account)
          expect(accessToken).toMatch(/\S{20}/)
        }
      })

      test('[GW-13] progress is there while the tool still runs', async () => {
        const { accessToken } = await obtainTokens(door.mcpUrl, account)
        const answer = await door.call(accessToken, 'slow')
        expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/)
        const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
        let text = ''
        while (!text.includes('half of it')) text += (await reader?.read())?.value ?? ''
        expect(text).not.toContain('all of it')
        // Only now: had the proxy waited for the end, none of this would have been reached.
        door.finish()
        while (!text.includes('all of it')) text += (await reader?.read())?.value ?? ''
      })

      test('a message as large as Postern takes one goes through, and a larger one is refused', async () => {
        const { accessToken } = await obtainTokens(door.mcpUrl, account)
        const answer = await door.call(accessToken, 'quick', 'x'.repeat(3_900_000))
        expect(await answer.text()).toContain('3900000')
        const refused = await door.call(accessToken, 'quick', 'x'.repeat(4_300_000)).catch(() => undefined)
        expect(refused?.status ?? 413).toBe(413)
      })

      test('an address that the asking one writes into X-Forwarded-For is not believed', async () => {
        const forged = await fetch(door.mcpUrl, {
          method: 'POST',
          headers: { 'x-forwarded-for': '198.51.100.7' },
          body: '{}',
        })
        expect(forged.status).toBe(401)
        expect(door.forwardedFor()).toMatch(/^(127\.0\.0\.1|::1)$/)
      })

      test('a challenge arrives with its header', async () => {
        const answer = await fetch(door.mcpUrl, { method: 'POST', body: '{}' })
        expect(answer.headers.get('www-authenticate')).toContain(
          `resource_metadata="${door.origin}/.well-known/oauth-protected-resource/mcp"`,
        )
      })
    },
  )
})

test.skipIf(!isInstalled('nginx') || !isInstalled('openssl'))(
  'nginx takes the file as it is, with a certificate (only where nginx and openssl are installed)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-nginx-'))
    try {
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'fullchain.pem')]
      const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
      const subject = ['-subj', '/CN=mcp.example.com', '-days', '1', '-keyout', key, '-out', certificate]
      execFileSync('openssl', [...words, ...subject], { stdio: 'pipe' })
      const here = nginxConf.replaceAll('/etc/ssl/mcp.example.com', folder)
      const conf = join(folder, 'nginx.conf')
      writeFileSync(conf, nginxAround(here, folder))
      const judge = (): string =>
        execFileSync('nginx', ['-t', '-q', '-p', folder, '-c', conf], { encoding: 'utf8', stdio: 'pipe' })
      expect(judge()).toBe('')
      writeFileSync(conf, nginxAround(here.replace('proxy_buffering off', 'proxy_bufering off'), folder))
      expect(judge).toThrow('proxy_bufering')
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

async function untilReached(url: string): Promise<void> {
  const isThere = (): Promise<boolean> =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 20))
}

async function untilGone(child: Child): Promise<never> {
  await child.exited
  throw new Error(`it ended:\n${child.stderr()}${child.stdout()}`)
}
