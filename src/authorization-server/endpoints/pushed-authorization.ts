/** The pushed authorization request endpoint (RFC 9126): the request is judged before a browser is sent anywhere, and its client proved itself. */

import { readAuthorizationRequest } from '../../oauth/authorization-request.ts'
import { readClientAuthentication } from '../../oauth/client-authentication.ts'
import { concerning, type ErrorSubject, OAuthError } from '../../oauth/errors.ts'
import { formatPushedAnswer, formatRequestUri } from '../../oauth/pushed-authorization.ts'
import { readTokenRequest } from '../../oauth/token-response.ts'
import { hashToken, randomToken } from '../../platform/crypto.ts'
import { type Client, type Clients, isOneRegistration } from '../clients.ts'
import { jsonAnswer } from '../json-answer.ts'
import type { Proofs } from '../proofs.ts'
import type { RateLimits } from '../rate-limits.ts'
import { readForm } from '../request-body.ts'
import type { AuthorizationServerSettings, RequestSource } from '../settings.ts'
import { findRedirect, judgeRequest } from './authorization.ts'
import { endpointPaths } from './metadata.ts'

/** Long enough to open a browser, and for nothing else. */
const pushedSeconds = 90

export async function pushedAuthorizationEndpoint(
  settings: AuthorizationServerSettings,
  clients: Clients,
  proofs: Proofs,
  limits: RateLimits,
  httpRequest: Request,
  source: RequestSource,
): Promise<Response> {
  const form = await readForm(httpRequest)
  const subject: ErrorSubject = {}
  return concerning(subject, async () => {
    const authentication = readClientAuthentication(
      httpRequest.headers.get('authorization') ?? undefined,
      readTokenRequest(form),
    )
    subject.clientId = authentication[0]?.clientId
    const client = await clients.authenticate(authentication)
    if (isOneRegistration(client)) limits.take('authorizations', client.clientId, source.name)
    const proof = await proofs.read(httpRequest, [endpointPaths.pushedAuthorization])
    bindToKey(form, proof?.thumbprint)
    await judge(settings, client, form)
    const reference = await push(settings, client, form)
    const answer = { requestUri: formatRequestUri(reference), expiresInSeconds: pushedSeconds }
    return jsonAnswer(201, formatPushedAnswer(answer))
  })
}

/** RFC 9449 §10.1: a proof that comes with the request says the same as `dpop_jkt` in it. Shown twice, it binds twice to the key of its owner, which harms nobody; so it is not remembered. */
function bindToKey(form: URLSearchParams, key: string | undefined): void {
  if (key === undefined) return
  if (form.getAll('dpop_jkt').some((named) => named !== key))
    throw new OAuthError('invalid_dpop_proof', 'the DPoP proof is by another key than dpop_jkt names')
  form.set('dpop_jkt', key)
}

/** As at the authorization endpoint, but all is told to the client: no browser is there to be redirected (RFC 9126 §2.3). */
async function judge(
  settings: AuthorizationServerSettings,
  client: Client,
  form: URLSearchParams,
): Promise<void> {
  if (form.has('request_uri'))
    throw new OAuthError(
      'invalid_request',
      'request_uri is what this endpoint gives; push the parameters themselves',
    )
  const { request, repeated } = readAuthorizationRequest(form)
  findRedirect(settings, client, request)
  await judgeRequest(settings, client, request, repeated, (code, description) => {
    throw new OAuthError(code, description)
  })
}

async function push(
  settings: AuthorizationServerSettings,
  client: Client,
  form: URLSearchParams,
): Promise<string> {
  const reference = randomToken(settings.random)
  const now = settings.clock()
  const parameters = new URLSearchParams(form)
  for (const name of credentialParameters) parameters.delete(name)
  // RFC 9126 §2: the client that authenticated, in whichever way it said who it is.
  parameters.set('client_id', client.clientId)
  await settings.storage.savePushedRequest({
    referenceHash: hashToken(reference),
    clientId: client.clientId,
    parameters: parameters.toString(),
    createdAt: now,
    expiresAt: now + pushedSeconds,
  })
  return reference
}

/** They proved the client here, and are stored nowhere. */
const credentialParameters: readonly string[] = ['client_secret', 'client_assertion', 'client_assertion_type']
