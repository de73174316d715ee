/** Under which client id a surface appears at an issuer: configured, its metadata document, or registration (RFC 7591, CIMD). */

import type { AuthorizationServerMetadata } from '../oauth/authorization-server-metadata.ts'
import { type TokenEndpointAuthMethod, tokenEndpointAuthMethods } from '../oauth/client-metadata.ts'
import type { Problem } from '../oauth/errors.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { RegisteredClient } from './connection-state.ts'
import type { Discovery } from './discovery.ts'
import type { Flow } from './flow.ts'
import { refuseUnsafeEndpoint } from './safe-endpoint.ts'
import { userAgentOf } from './surface.ts'
import { smallAnswerBytes, type WireAnswer } from './wire.ts'

/** Throws `ConnectFailure` when there is no way to an identity, or the server refuses the registration. */
export async function obtainClient(
  flow: Flow,
  discovery: Discovery,
  asked: { redirectUri: string; scope: string | undefined },
): Promise<RegisteredClient> {
  const { issuer, metadata } = discovery
  for (const way of flow.surface.identity.order) {
    if (way === 'configured' && flow.configuredClient !== undefined) {
      return {
        ...flow.configuredClient,
        authMethod: undefined,
        origin: 'configured',
        redirectUri: asked.redirectUri,
      }
    }
    if (way === 'metadata-document') {
      const clientId = usableMetadataDocument(flow, metadata)
      if (clientId !== undefined) return remembered(flow, issuer, documentClient(clientId, asked.redirectUri))
    }
    if (way === 'registration' && metadata.registration_endpoint !== undefined) {
      const known = flow.memory.clients[issuer]
      if (known?.origin === 'registration' && known.redirectUri === asked.redirectUri) return known
      return remembered(flow, issuer, await register(flow, metadata, metadata.registration_endpoint, asked))
    }
  }
  throw new ConnectFailure('sign-in', noWay(flow, metadata))
}

function usableMetadataDocument(flow: Flow, metadata: AuthorizationServerMetadata): string | undefined {
  const rules = flow.surface.identity.metadataDocument
  const clientId = flow.clientMetadataUrl ?? rules?.clientId
  if (clientId === undefined || metadata.client_id_metadata_document_supported !== true) return undefined
  if (rules?.requires === 'flag-and-none') {
    return metadata.token_endpoint_auth_methods_supported?.includes('none') === true ? clientId : undefined
  }
  return clientId
}

function documentClient(clientId: string, redirectUri: string): RegisteredClient {
  return { clientId, clientSecret: undefined, authMethod: 'none', origin: 'metadata-document', redirectUri }
}

async function remembered(flow: Flow, issuer: string, client: RegisteredClient): Promise<RegisteredClient> {
  flow.memory.clients[issuer] = client
  await flow.remember()
  return client
}

async function register(
  flow: Flow,
  metadata: AuthorizationServerMetadata,
  endpoint: string,
  asked: { redirectUri: string; scope: string | undefined },
): Promise<RegisteredClient> {
  refuseUnsafeEndpoint(endpoint)
  const rules = flow.surface.identity.registration
  const body = filled(rules.body, {
    redirect_uri: asked.redirectUri,
    scope: asked.scope,
    server: flow.serverName,
    method: preferredMethod(metadata),
  })
  const answer = await flow.wire.send(
    {
      method: 'POST',
      url: endpoint,
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'User-Agent': userAgentOf(flow.surface, 'registration'),
      },
      body: JSON.stringify(body),
    },
    { deadlineSeconds: flow.surface.deadlines.registrationSeconds, maximumBytes: smallAnswerBytes },
  )
  const document = readJsonObject(answer)
  const problems = registrationProblems(flow, answer, document)
  if (problems.length > 0 || document === undefined) {
    throw new ConnectFailure('sign-in', `the registration was refused: ${problems[0]?.says}`, { problems })
  }
  return {
    clientId: String(document.client_id),
    clientSecret: typeof document.client_secret === 'string' ? document.client_secret : undefined,
    authMethod: readAuthMethod(document.token_endpoint_auth_method),
    origin: 'registration',
    redirectUri: asked.redirectUri,
  }
}

/** The template with its holes filled; a member whose filling does not exist goes. */
function filled(
  template: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill)
    if (typeof value !== 'string') return value
    const hole = /\{(\w+)\}/.exec(value)?.[1]
    if (hole === undefined) return value
    const filling = values[hole]
    return filling === undefined ? undefined : value.replace(`{${hole}}`, () => filling)
  }
  const members = Object.entries(template).map(([name, value]): [string, unknown] => [name, fill(value)])
  return Object.fromEntries(members.filter(([, value]) => value !== undefined))
}

/** A public client where the server lets it be one. */
function preferredMethod(metadata: AuthorizationServerMetadata): TokenEndpointAuthMethod {
  const offered = metadata.token_endpoint_auth_methods_supported
  if (offered === undefined || offered.includes('none')) return 'none'
  return tokenEndpointAuthMethods.find((method) => offered.includes(method)) ?? 'none'
}

function registrationProblems(
  flow: Flow,
  answer: WireAnswer,
  document: Record<string, unknown> | undefined,
): Problem[] {
  const rules = flow.surface.identity.registration
  const problem = (at: string, says: string): Problem => {
    return { code: 'invalid_client_metadata', at, says, standard: 'RFC 7591 §3.2' }
  }
  if (answer.status < 200 || answer.status > 299) {
    const error = typeof document?.error === 'string' ? ` ${document.error}` : ''
    const description =
      typeof document?.error_description === 'string' ? `: ${document.error_description}` : ''
    return [problem('', `status ${answer.status}${error}${description}`)]
  }
  if (document === undefined) return [problem('', 'the answer is not a JSON object')]
  const missing = rules.requiredInAnswer.filter((name) => document[name] === undefined)
  const nulls = rules.refusesNull ? Object.keys(document).filter((name) => document[name] === null) : []
  return [
    ...missing.map((name) => problem(name, `the answer has no ${name}`)),
    ...nulls.map((name) => problem(name, `${name} is null, where it should be left out`)),
  ]
}

function readAuthMethod(value: unknown): TokenEndpointAuthMethod | undefined {
  return tokenEndpointAuthMethods.find((method) => method === value)
}

function readJsonObject(answer: WireAnswer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(answer.text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function noWay(flow: Flow, metadata: AuthorizationServerMetadata): string {
  if (flow.configuredClient === undefined && metadata.registration_endpoint === undefined) {
    const flag = metadata.client_id_metadata_document_supported === true
    const missingNone = flag && flow.surface.identity.metadataDocument?.requires === 'flag-and-none'
    if (missingNone) {
      return 'the server takes metadata documents but does not list "none" in token_endpoint_auth_methods_supported, and has no registration_endpoint'
    }
    return 'the server offers neither client metadata documents nor a registration_endpoint, and no client id was given'
  }
  return 'there is no way to a client id that this surface takes'
}
