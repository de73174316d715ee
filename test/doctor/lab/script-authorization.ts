// The part of the fixed script that looks at registration, authorization and the token endpoint more closely.

import { createHash } from 'node:crypto'
import type { Lab } from './lab.ts'

export interface Script {
  lab: Lab
  /** Issuer and path, to which the endpoints are appended. */
  base: string
  /** The client that the script registered, or a metadata document. */
  clientId: string
  random(): string
  note(line: string): void
  send(label: string, url: string, init: RequestInit): Promise<Record<string, string>>
  form(
    label: string,
    url: string,
    fields: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Record<string, string>>
}

const hostedCallback = 'https://claude.ai/api/mcp/auth_callback'
const localCallback = 'http://localhost:3118/callback'
const localAddress = 'http://127.0.0.1:3118/callback'
const documents = [
  ['https://claude.ai/oauth/mcp-oauth-client-metadata', hostedCallback],
  ['https://claude.ai/oauth/claude-code-client-metadata', localCallback],
] as const

export async function observeAuthorization(script: Script): Promise<void> {
  await observeRegistrations(script)
  await observeRequests(script)
  await observeRefusals(script)
}

async function observeRegistrations({ base, clientId, note, send, form }: Script): Promise<void> {
  const register = (label: string, members: Record<string, unknown>): Promise<Record<string, string>> =>
    send(label, `${base}/register`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ client_name: 'Claude', redirect_uris: [hostedCallback], ...members }),
    })
  const again = await register('register again', { token_endpoint_auth_method: 'none' })
  note(`another id: ${again.client_id !== clientId}`)
  await register('register an address', { redirect_uris: [localAddress] })
  const confidential = await register('register with a secret', {
    token_endpoint_auth_method: 'client_secret_post',
  })
  const { client_id: id = 'x', client_secret: secret = 'x' } = confidential
  const dead = { grant_type: 'refresh_token', refresh_token: 'x' }
  await form('secret in the body', `${base}/token`, { ...dead, client_id: id, client_secret: secret })
  await form('secret in a header', `${base}/token`, dead, {
    Authorization: `Basic ${btoa(`${id}:${secret}`)}`,
  })
  if (confidential.registration_client_uri === undefined) return
  await send('management', confidential.registration_client_uri, {
    headers: { Authorization: `Bearer ${confidential.registration_access_token}` },
  })
}

async function observeRequests({ lab, base, clientId, random, send }: Script): Promise<void> {
  const local = await send('register both', `${base}/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [localCallback, localAddress] }),
  })
  const localId = local.client_id ?? 'https://claude.ai/oauth/claude-code-client-metadata'
  const ask = (label: string, parameters: Record<string, string>): Promise<Record<string, string>> => {
    const url = new URL(`${base}/authorize`)
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: hostedCallback,
      state: random(),
      code_challenge: createHash('sha256').update(random()).digest('base64url'),
      code_challenge_method: 'S256',
      scope: 'notes:read offline_access',
      resource: lab.url,
      ...parameters,
    }).toString()
    return send(`authorize, ${label}`, url.href, {})
  }
  await ask('as hosted', {})
  await ask('with a prompt', { prompt: 'consent' })
  await ask('without a scope', { scope: '' })
  await ask('of another type', { response_type: 'nothing' })
  for (const redirect of [localCallback, 'http://localhost:43118/callback', localAddress]) {
    await ask(redirect, { client_id: localId, redirect_uri: redirect })
  }
  for (const [id, redirect] of [...documents, ...documents]) {
    await ask(id, { client_id: id, redirect_uri: redirect })
  }
}

async function observeRefusals({ base, clientId, form }: Script): Promise<void> {
  const fields = {
    grant_type: 'authorization_code',
    code: 'x',
    code_verifier: 'a'.repeat(43),
    redirect_uri: hostedCallback,
  }
  const exchange = (label: string, client: string, headers: Record<string, string> = {}): Promise<unknown> =>
    form(`exchange, ${label}`, `${base}/token`, { ...fields, client_id: client }, headers)
  await exchange('no code', clientId)
  await form('exchange, long verifier', `${base}/token`, {
    ...fields,
    client_id: clientId,
    code_verifier: 'a'.repeat(128),
  })
  await exchange('own origin', clientId, { Origin: new URL(base).origin })
  await exchange('odd type', clientId, { 'Content-Type': 'application/x-www-form-urlencoded; charset="' })
  await exchange('odd proof', clientId, { Authorization: 'Basic %%%' })
  for (const [id] of [...documents, ...documents]) await exchange(id, id)
}
