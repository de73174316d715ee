// A fixed script of requests, the same for every fault and without the doctor: what differs from the good server is visible from outside.

import { createHash } from 'node:crypto'
import { type Lab, user } from './lab.ts'
import { observeAuthorization } from './script-authorization.ts'

const hostedCallback = 'https://claude.ai/api/mcp/auth_callback'
const patienceMs = 25

/** One line for each request, with everything random taken out. */
export async function observe(lab: Lab): Promise<string[]> {
  const lines: string[] = []
  let made = 0
  // Always the same, so that only what the server makes up has to be taken out.
  const random = (): string => createHash('sha256').update(`${++made}`).digest('base64url')
  const seen = new Set<string>()
  const origin = new URL(lab.url).origin
  const issuerPath = new URL(lab.issuer).pathname.replace(/\/$/, '')
  const issuer = new URL(lab.issuer).origin

  for (const host of [new URL(lab.url).hostname, new URL(lab.issuer).hostname]) {
    lines.push(`addresses ${JSON.stringify(await lab.network.addresses(host, 1))}`)
    lines.push(`handshake ${JSON.stringify(await lab.network.handshake(host, 443, 1))}`)
  }

  for (const agent of ['curl/8.7.1', 'python-httpx/0.28.1', 'Claude-User', '']) {
    await send(
      `knock ${agent}`,
      lab.url,
      mcp('initialize', initialize('2025-11-25'), { 'User-Agent': agent }),
    )
  }
  await send('knock, any type', lab.url, mcp('initialize', initialize('2025-11-25'), { Accept: '*/*' }))
  await send(
    'knock, origin',
    lab.url,
    mcp('initialize', initialize('2025-11-25'), { Origin: 'https://claude.ai' }),
  )
  await send(
    'knock, loopback origin',
    lab.url,
    mcp('initialize', initialize('2025-11-25'), { Origin: 'http://localhost:6274' }),
  )
  await send('knock, discover', lab.url, mcp('server/discover', {}, { 'MCP-Protocol-Version': '2026-07-28' }))
  await send('knock, list', lab.url, mcp('tools/list', {}))
  await send('knock, other slash', `${lab.url}/`, mcp('initialize', initialize('2025-11-25')))
  await send('knock at the root', origin, mcp('initialize', initialize('2025-11-25')))
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE'])
    await send(`knock ${method}`, lab.url, { method })

  for (const path of [
    `/.well-known/oauth-protected-resource${new URL(lab.url).pathname}`,
    '/.well-known/oauth-protected-resource',
    `${new URL(lab.url).pathname}/.well-known/oauth-protected-resource`,
    '/.well-known/nothing',
    '/nothing',
    '/.well-known/oauth-authorization-server/mcp',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
  ]) {
    await send(path, `${origin}${path}`, { headers: { Origin: 'http://localhost:6274' } })
  }
  for (const path of [
    `/.well-known/oauth-authorization-server${issuerPath}`,
    `/.well-known/openid-configuration${issuerPath}`,
    `${issuerPath}/.well-known/openid-configuration`,
    '/jwks',
  ]) {
    await send(path, `${issuer}${path}`, {})
  }

  const base = `${issuer}${issuerPath}`
  const registered = await send('register', `${base}/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: [hostedCallback],
      token_endpoint_auth_method: 'none',
      client_name: 'Claude',
      application_type: 'web',
    }),
  })
  for (const redirect of [
    'http://localhost:3118/callback',
    'https://claude.com/api/mcp/auth_callback',
    'https://evil.example/callback',
  ]) {
    await send(`register ${redirect}`, `${base}/register`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        redirect_uris: [redirect],
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
        scope: '',
        unknown_member: 1,
      }),
    })
  }
  const clientId = registered.client_id ?? 'https://claude.ai/oauth/mcp-oauth-client-metadata'
  const signedIn = await signIn(clientId)
  const tokens = await exchange('exchange', clientId, signedIn)
  await exchange('exchange again', clientId, signedIn)
  await exchange('exchange, wrong verifier', clientId, { ...(await signIn(clientId)), verifier: random() })
  await exchange('exchange, other redirect', clientId, {
    ...(await signIn(clientId)),
    redirectUri: 'https://claude.ai/other',
  })
  await exchange('exchange, unknown client', 'nobody', await signIn(clientId))
  await observeAuthorization({ lab, base, clientId, random, note: (line) => lines.push(line), send, form })
  await form(
    'exchange, json',
    `${base}/token`,
    { grant_type: 'authorization_code', code: 'x' },
    { 'Content-Type': 'application/json' },
  )

  const bearer = { Authorization: `Bearer ${tokens.access_token}` }
  for (const agent of ['curl/8.7.1', 'python-httpx/0.28.1', 'Claude-User']) {
    await send(
      `call ${agent}`,
      lab.url,
      mcp('initialize', initialize('2025-11-25'), { ...bearer, 'User-Agent': agent }),
    )
  }
  await send('call, old version', lab.url, mcp('initialize', initialize('2024-11-05'), bearer))
  await send('call, unknown version', lab.url, mcp('initialize', initialize('2031-01-01'), bearer))
  await send(
    'call, discover',
    lab.url,
    mcp('server/discover', {}, { ...bearer, 'MCP-Protocol-Version': '2026-07-28' }),
  )
  await send('call, notification', lab.url, mcp('notifications/initialized', undefined, bearer))
  for (const method of ['tools/list', 'prompts/list', 'resources/list', 'nobody/knows']) {
    await send(`call ${method}`, lab.url, mcp(method, {}, bearer))
  }
  await send(
    'call tools/call',
    lab.url,
    mcp('tools/call', { name: 'search_notes', arguments: { text: "it's <b>; DROP TABLE" } }, bearer),
  )
  await send('call, no token', lab.url, mcp('tools/call', { name: 'search_notes', arguments: { text: 'x' } }))
  await send(
    'call, strange session',
    lab.url,
    mcp('tools/list', {}, { ...bearer, 'Mcp-Session-Id': 'nobodys' }),
  )
  await send(
    'call, wrong token',
    lab.url,
    mcp('initialize', initialize('2025-11-25'), { Authorization: 'Bearer wrong' }),
  )
  for (const method of ['GET', 'DELETE']) await send(`call ${method}`, lab.url, { method, headers: bearer })
  await send('call, any type', lab.url, mcp('ping', {}, { ...bearer, Accept: '*/*' }))
  await send('call, origin', lab.url, mcp('ping', {}, { ...bearer, Origin: 'https://claude.ai' }))
  const atOnce = [1, 2, 3].map((number) =>
    send(`call ${number} of 3`, lab.url, mcp('ping', { number }, bearer)),
  )
  await Promise.all(atOnce)

  await send('call, token in the address', `${lab.url}?access_token=${tokens.access_token}`, mcp('ping', {}))
  for (const [name, value] of [
    ['redirect_uri', 'https://claude.ai.attacker.example/callback'],
    ['resource', 'https://other-server.example/mcp'],
  ] as const) {
    const url = new URL(`${base}/authorize`)
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: hostedCallback,
      state: 'a-state',
      code_challenge: createHash('sha256').update('a-verifier').digest('base64url'),
      code_challenge_method: 'S256',
      [name]: value,
    }).toString()
    await raw(`authorize, other ${name}`, url.href, {})
  }

  const renewed = await renew('renew', tokens.refresh_token)
  await renew('renew again', tokens.refresh_token)
  await renew('renew the new one', renewed.refresh_token)
  await renew('renew of nobody', 'nobodys')
  await form('renew, unknown client', `${base}/token`, {
    grant_type: 'refresh_token',
    client_id: 'nobody',
    refresh_token: 'x',
  })
  await form(
    'renew, with an origin',
    `${base}/token`,
    { grant_type: 'refresh_token', client_id: clientId, refresh_token: 'x' },
    { Origin: 'https://claude.ai' },
  )
  await send(
    'call, renewed',
    lab.url,
    mcp('tools/list', {}, { Authorization: `Bearer ${renewed.access_token}` }),
  )
  const signedInAgain = await exchange('exchange once more', clientId, await signIn(clientId))
  await send(
    'call, first sign-in',
    lab.url,
    mcp('ping', {}, { Authorization: `Bearer ${renewed.access_token}` }),
  )
  await send(
    'call, second sign-in',
    lab.url,
    mcp('ping', {}, { Authorization: `Bearer ${signedInAgain.access_token}` }),
  )
  lab.restart()
  await renew('renew, after a restart', signedInAgain.refresh_token)
  lab.clock.now += 7200
  await send(
    'call, expired',
    lab.url,
    mcp('tools/list', {}, { Authorization: `Bearer ${renewed.access_token}` }),
  )
  await form('revoke', `${base}/revoke`, { token: renewed.refresh_token ?? 'x', client_id: clientId })
  return lines

  async function signIn(client: string): Promise<{ code: string; verifier: string; redirectUri: string }> {
    const verifier = random()
    const url = new URL(`${base}/authorize`)
    const state = `${random()}&=+/%`
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: client,
      redirect_uri: hostedCallback,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      scope: 'notes:read unknown',
      resource: lab.url,
    }).toString()
    const page = await raw('authorize', url.href, {})
    const fields = [...page.text.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&').replaceAll('&quot;', '"')],
    )
    const action = /action="([^"]*)"/.exec(page.text)?.[1] ?? `${base}/sign-in`
    const body = new URLSearchParams([
      ...fields.filter(([name]) => name !== 'decision'),
      ['username', user.username],
      ['password', user.password],
      ['decision', 'approve'],
    ] as string[][])
    const landed = await raw('sign in', action, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: body.toString(),
    })
    const answer = new URL(landed.location ?? 'https://nowhere.invalid').searchParams
    lines.push(`state kept: ${answer.get('state') === state}`)
    return { code: answer.get('code') ?? '', verifier, redirectUri: hostedCallback }
  }

  function exchange(
    label: string,
    client: string,
    grant: { code: string; verifier: string; redirectUri: string },
  ): Promise<Record<string, string>> {
    const { code, verifier, redirectUri } = grant
    return form(label, `${base}/token`, {
      grant_type: 'authorization_code',
      client_id: client,
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
      resource: lab.url,
    })
  }

  function renew(label: string, token: string | undefined): Promise<Record<string, string>> {
    return form(label, `${base}/token`, {
      grant_type: 'refresh_token',
      client_id: clientId,
      refresh_token: token ?? 'x',
      resource: lab.url,
    })
  }

  function form(
    label: string,
    url: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Record<string, string>> {
    const isJson = headers['Content-Type'] === 'application/json'
    const body = isJson ? JSON.stringify(fields) : new URLSearchParams(fields).toString()
    return send(label, url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      body,
    })
  }

  async function send(label: string, url: string, init: RequestInit): Promise<Record<string, string>> {
    const { text } = await raw(label, url, init)
    try {
      return (JSON.parse(text) ?? {}) as Record<string, string>
    } catch {
      return {}
    }
  }

  async function raw(
    label: string,
    url: string,
    init: RequestInit,
  ): Promise<{ text: string; location: string | undefined }> {
    const began = lab.clock.ms
    const answer = await lab
      .fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(patienceMs) })
      .catch(() => undefined)
    const text = answer === undefined ? '' : await readPatiently(answer)
    const location = answer?.headers.get('location') ?? undefined
    for (const secret of `${text} ${location}`.match(/[\w-]{32}/g) ?? []) seen.add(secret)
    const headers = [...(answer?.headers ?? [])].map(([name, value]) => `${name}: ${value}`).join(' | ')
    lines.push(
      plain(
        `${label} -> ${answer?.status ?? 'nothing'} ${lab.clock.ms - began} ms | ${headers} | ${text.slice(0, 20_000)}`,
      ),
    )
    return { text, location }
  }

  function plain(line: string): string {
    let shown = line
    for (const secret of seen) shown = shown.replaceAll(secret, '*')
    return shown
  }
}

/** A body that never ends is over when the patience is. */
function readPatiently(answer: Response): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, patienceMs, 'broken off'))
  return Promise.race([answer.text().catch(() => 'broken off'), late])
}

function initialize(protocolVersion: string): Record<string, unknown> {
  return { protocolVersion, capabilities: {}, clientInfo: { name: 'claude-ai', version: '0.1.0' } }
}

function mcp(
  method: string,
  params: Record<string, unknown> | undefined,
  headers: Record<string, string> = {},
): RequestInit {
  const id = method.startsWith('notifications/') ? {} : { id: 1 }
  return {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...id, method, params }),
  }
}
