/** What calls are sent to: Postern, what it is compared with, and the upstream behind the relays. */

import { join } from 'node:path'
import { connect, createBrowser, type OpenDoor } from '../../test/door.ts'
import { startPostern } from '../contenders.ts'
import { type ServerProcess, startServerProcess } from '../server-process.ts'
import { callBody, initializeBody, initializeResult, protocolVersion } from './servers/function.ts'
import { loadCore, type MeasuredCall, measuredCore, type Nginx, pin, startNginx } from './tools.ts'

export interface Contender {
  name: string
  pid: number
  call: MeasuredCall
  stop(): Promise<void>
}

const servers = join(import.meta.dirname, 'servers')
const token = 'a-token-of-the-benchmark-with-as-many-letters'

const jsonHeaders: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': protocolVersion,
}

/* In front of the same bare upstream */

export interface BareUpstream extends Nginx {
  url: string
}

const upstreamPort = 18_701

/** nginx that says what a stateful MCP server would: to a request without a session the handshake, to others the result of the call. */
export function startBareUpstream(): Promise<BareUpstream> {
  const result = { content: [{ type: 'text', text: '3' }] }
  const [opened, called] = [initializeResult, result].map((one) =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, result: one }),
  )
  return startNginx(
    loadCore,
    `map $http_mcp_session_id $answer { default '${called}'; '' '${opened}'; }
  map $http_mcp_session_id $session { default ''; '' 'bench-session'; }
  server {
    listen 127.0.0.1:${upstreamPort};
    default_type application/json;
    add_header Mcp-Session-Id $session;
    location / { return 200 $answer; }
  }`,
  ).then((nginx) => ({ ...nginx, url: `http://127.0.0.1:${upstreamPort}/mcp` }))
}

const relayedHeaders = { ...jsonHeaders, 'mcp-session-id': 'bench-session', authorization: `Bearer ${token}` }

/** One worker that keeps its connections to the upstream. */
export async function nginxRelay(upstream: string): Promise<Contender> {
  const port = 18_702
  const nginx = await startNginx(
    measuredCore,
    `upstream behind { server ${new URL(upstream).host}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "";
      proxy_buffering off;
    }
  }`,
  )
  const url = `http://127.0.0.1:${port}/mcp`
  return { name: 'nginx', ...nginx, call: { url, headers: relayedHeaders, body: callBody } }
}

export async function bareRelay(upstream: string): Promise<Contender> {
  const server = await startServerProcess({
    words: (port) => [join(servers, 'bare-relay.ts'), String(port), upstream],
  })
  return contenderOf('node:http and undici', server, relayedHeaders)
}

/** The real `postern serve`, with its log into a file, asked with a token that it issued in a session that it opened. */
export async function posternRelay(upstream: string): Promise<Contender> {
  const { process, connect } = await startPostern({ upstream })
  const { accessToken } = await connect()
  return contenderOf('postern serve', process, await openSession(process.port, accessToken))
}

/* In front of a function of the same process */

export async function posternFunction(): Promise<Contender> {
  const server = await startServerProcess({
    words: (port, directory) => [join(servers, 'postern.ts'), String(port), directory],
  })
  const { accessToken } = await connect(doorAt(server.origin))
  return contenderOf('postern', server, await openSession(server.port, accessToken))
}

export async function sdkV1(mode: 'kept' | 'stateless'): Promise<Contender> {
  const server = await startServerProcess({
    words: (port) => [join(servers, 'sdk-v1.mjs'), String(port), token, mode],
  })
  const headers = mode === 'kept' ? await openSession(server.port, token) : headersWith(token)
  return contenderOf(mode === 'kept' ? 'SDK v1, kept session' : 'SDK v1, stateless', server, headers)
}

export async function sdkV2(): Promise<Contender> {
  const server = await startServerProcess({
    words: (port) => [join(servers, 'sdk-v2.mjs'), String(port), token],
  })
  return contenderOf('SDK v2', server, headersWith(token))
}

export async function bareHono(): Promise<Contender> {
  const server = await startServerProcess({
    words: (port) => [join(servers, 'hono.ts'), String(port), token],
  })
  return contenderOf('bare Hono handler', server, headersWith(token))
}

function contenderOf(name: string, server: ServerProcess, headers: MeasuredCall['headers']): Contender {
  const url = `http://127.0.0.1:${server.port}/mcp`
  return {
    name,
    pid: server.pid,
    call: { url, headers: { ...headers, Host: `localhost:${server.port}` }, body: callBody },
    stop: server.stop,
  }
}

function headersWith(accessToken: string): Record<string, string> {
  return { ...jsonHeaders, authorization: `Bearer ${accessToken}` }
}

export async function openSession(port: number, accessToken: string): Promise<Record<string, string>> {
  const headers = headersWith(accessToken)
  const response = await fetch(`http://localhost:${port}/mcp`, {
    method: 'POST',
    headers,
    body: initializeBody,
  })
  const session = response.headers.get('mcp-session-id')
  if (session === null) throw new Error(`no session: ${response.status} ${await response.text()}`)
  return { ...headers, 'mcp-session-id': session }
}

export function doorAt(origin: string): OpenDoor {
  const send: OpenDoor['fetch'] = (path, init) =>
    fetch(new URL(path, origin), { redirect: 'manual', ...init })
  return { origin, mcpUrl: `${origin}/mcp`, fetch: send, browser: () => createBrowser(origin, send) }
}

/* Streams */

export async function bareSse(): Promise<Contender> {
  const server = await startServerProcess({
    words: (port) => [join(servers, 'bare-sse.ts'), String(port)],
  })
  return contenderOf('bare node:http', server, jsonHeaders)
}

export async function barePassThrough(upstream: string): Promise<Contender> {
  const server = await startServerProcess({
    words: (port) => [join(servers, 'bare-pass-through.ts'), String(port), upstream],
  })
  return contenderOf('bare pass-through', server, jsonHeaders)
}

/** One person opens them all, which the limits would not allow. */
export async function posternStreams(upstream: string | undefined): Promise<Contender> {
  const server = await startServerProcess({
    words: (port, directory) => [
      join(servers, 'postern.ts'),
      String(port),
      directory,
      ...(upstream === undefined ? [] : [upstream]),
    ],
  })
  const { accessToken } = await connect(doorAt(server.origin))
  return contenderOf('postern', server, await openSession(server.port, accessToken))
}

/** As if Postern were not there. */
export function bareUpstreamItself({ url }: BareUpstream): Pick<Contender, 'name' | 'call'> {
  return { name: 'the upstream itself', call: { url, headers: relayedHeaders, body: callBody } }
}

/** One call by hand: what is measured has to be an answer. */
export async function refuseWrongAnswers({ name, pid, call }: Contender): Promise<void> {
  const response = await fetch(call.url, { method: 'POST', headers: call.headers, body: call.body })
  const text = await response.text()
  if (!response.ok || !text.includes('"text":"3"')) throw new Error(`${name}: ${response.status} ${text}`)
  pin(pid, measuredCore)
}
