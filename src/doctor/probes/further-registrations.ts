/** Registration as other clients make it: all their peculiarities in one where the server takes that, one by one where it does not (RFC 7591 §2, RFC 8252 §7.3). */

import { isSafeEndpoint } from '../../client/safe-endpoint.ts'
import { formatBasicAuthentication } from '../../oauth/client-authentication.ts'
import { parseUrl } from '../../platform/url.ts'
import { type Document, jsonOf } from '../examination.ts'
import type { Facts } from '../facts.ts'
import {
  authorizationUrl,
  endpointOf,
  factsOf,
  isRegistered,
  navigation,
  tokenRequest,
} from '../oauth-requests.ts'
import type { Probe, ProbeBench } from '../probe.ts'

export const furtherRegistrations: Probe = {
  name: 'further-registrations',
  title: 'Registration as other clients make it',
  stage: 'registration',
  effects: 'registers one more client, or up to four if the server takes their kinds only apart',
  isIntrusive: false,
  cannotRun(bench) {
    const { registration } = factsOf(bench)
    if (registration === undefined) return 'no client was registered'
    const isTold = registration.status !== undefined && registration.status !== 429
    return isTold && registration.status !== 401 && registration.status !== 403
      ? undefined
      : 'registration is closed'
  },
  async run(bench) {
    const facts = factsOf(bench)
    const { registration } = facts
    const asked = jsonOf({ responseBody: registration?.requestBody })
    if (registration === undefined || asked === undefined) return
    const registrar: Registrar = { bench, facts, endpoint: registration.url, asked }
    if (isRegistered(registration)) await registerOthers(registrar)
    else if (registration.status === 400 || registration.status === 422) await registerLeast(registrar)
  },
}

interface Registrar {
  bench: ProbeBench
  facts: Facts
  endpoint: string
  /** What the walk sent. */
  asked: Document
}

/** Claude Code's, with its port, and the form that RFC 8252 has. */
const loopback = 'http://localhost:3118/callback'
const loopbackAddress = 'http://127.0.0.1:3118/callback'
const otherPort = 'http://localhost:43118/callback'
const grants = ['authorization_code', 'refresh_token']
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const unknownMember = { postern_unknown_member: 1 }

async function registerOthers(registrar: Registrar): Promise<void> {
  const { asked } = registrar
  const native = { application_type: 'native', grant_types: grants }
  const both = { redirect_uris: [loopback, loopbackAddress], ...native }
  const everything = await register(registrar, 'everything', {
    ...both,
    ...unknownMember,
    grant_types: [...grants, jwtBearer],
    scope: '',
    token_endpoint_auth_method: 'client_secret_post',
  })
  if (everything !== undefined) return tryClient(registrar, everything, everything)
  const local = await register(registrar, 'loopback', { ...native, redirect_uris: [loopback] })
  await register(registrar, 'loopback-address', { ...native, redirect_uris: [loopbackAddress] })
  const confidential = await register(registrar, 'confidential', {
    ...asked,
    token_endpoint_auth_method: 'client_secret_post',
  })
  await register(registrar, 'unknown-members', {
    ...asked,
    ...unknownMember,
    grant_types: [...grants, jwtBearer],
    scope: '',
  })
  await tryClient(registrar, local, confidential)
}

/** What the walk sent was refused: is it for one of its members? */
async function registerLeast(registrar: Registrar): Promise<void> {
  await register(registrar, 'least', { token_endpoint_auth_method: 'none' })
}

async function register(
  { bench, endpoint, asked }: Registrar,
  label: string,
  members: Document,
): Promise<Document | undefined> {
  const body = {
    redirect_uris: asked.redirect_uris,
    client_name: asked.client_name,
    token_endpoint_auth_method: 'none',
    ...members,
  }
  const answer = await bench.send(label, {
    method: 'POST',
    url: endpoint,
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      'User-Agent': bench.surface.userAgents.stages.registration ?? bench.surface.userAgents.otherwise,
    },
    body: JSON.stringify(body),
  })
  const given = { status: answer?.status, responseBody: answer?.text }
  return isRegistered(given) ? jsonOf(given) : undefined
}

async function tryClient(
  registrar: Registrar,
  local: Document | undefined,
  confidential: Document | undefined,
): Promise<void> {
  await Promise.all([
    tryLoopback(registrar, local),
    trySecret(registrar, confidential),
    tryManagement(registrar, local ?? confidential),
  ])
}

async function tryLoopback({ bench, facts }: Registrar, client: Document | undefined): Promise<void> {
  if (client === undefined) return
  const known = Array.isArray(client.redirect_uris) ? client.redirect_uris : [loopback]
  const ask = async (label: string, redirectUri: string): Promise<void> => {
    const request = { client_id: String(client.client_id), redirect_uri: redirectUri }
    const url = authorizationUrl(bench, facts, request)
    if (url !== undefined) await bench.send(label, navigation(url))
  }
  await ask('same-port', loopback)
  await ask('other-port', otherPort)
  if (known.includes(loopbackAddress)) await ask('address', loopbackAddress)
}

/** A refresh token of nobody: what differs between the two answers is how the secret was taken. */
async function trySecret({ bench, facts }: Registrar, client: Document | undefined): Promise<void> {
  const endpoint = endpointOf(facts, 'token_endpoint')
  const { client_id: id, client_secret: secret } = client ?? {}
  if (endpoint === undefined || typeof id !== 'string' || typeof secret !== 'string') return
  const fields = { grant_type: 'refresh_token', refresh_token: 'not-a-refresh-token-of-anybody' }
  await bench.send(
    'secret-in-body',
    tokenRequest(bench, endpoint, { ...fields, client_id: id, client_secret: secret }),
  )
  const proof = { Authorization: formatBasicAuthentication(id, secret) }
  await bench.send('secret-in-header', tokenRequest(bench, endpoint, fields, proof))
}

/** RFC 7592 §2.1. The token is the server's own; it is shown to nobody else. */
async function tryManagement({ bench, endpoint }: Registrar, client: Document | undefined): Promise<void> {
  const { registration_client_uri: uri, registration_access_token: token } = client ?? {}
  if (typeof uri !== 'string' || typeof token !== 'string' || !isSafeEndpoint(uri)) return
  if (parseUrl(uri)?.origin !== new URL(endpoint).origin) return
  const headers = { Authorization: `Bearer ${token}`, Accept: 'application/json' }
  await bench.send('management', { method: 'GET', url: uri, headers })
}
