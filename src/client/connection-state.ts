/** What a client remembers between runs: registrations by issuer, tokens and the callback port (MCP 2026-07-28: never one issuer's for another). */

import type { TokenEndpointAuthMethod } from '../oauth/client-metadata.ts'

/** A client identity at one issuer. */
export interface RegisteredClient {
  clientId: string
  clientSecret: string | undefined
  /** What the server answered, when it answered. */
  authMethod: TokenEndpointAuthMethod | undefined
  /** How it was come by. */
  origin: 'configured' | 'metadata-document' | 'registration'
  /** The redirect URI it was registered with. */
  redirectUri: string
}

export interface RememberedTokens {
  issuer: string
  clientId: string
  accessToken: string
  /** Epoch seconds; undefined when the server did not say. */
  expiresAt: number | undefined
  refreshToken: string | undefined
  /** Granted, as far as the server said; else as asked. */
  scope: string | undefined
  /** The `resource` it was asked for. */
  resource: string | undefined
}

/** One product's memory of one server. */
export interface ConnectionMemory {
  clients: Record<string, RegisteredClient>
  tokens: RememberedTokens | undefined
  /** The authorization server of the last sign-in. */
  issuer: string | undefined
  callbackPort: number | undefined
  /** The scope of a 403 that is still to be asked for. */
  stepUpScope: string | undefined
}

export const connectionStateVersion = 1

export interface ConnectionState {
  stateVersion: typeof connectionStateVersion
  /** Keyed by surface and server URL. */
  connections: Record<string, ConnectionMemory>
}

export function createConnectionState(): ConnectionState {
  return { stateVersion: connectionStateVersion, connections: {} }
}

export function createConnectionMemory(): ConnectionMemory {
  return {
    clients: {},
    tokens: undefined,
    issuer: undefined,
    callbackPort: undefined,
    stepUpScope: undefined,
  }
}

export function connectionKey(surface: string, url: string): string {
  return `${surface} ${url}`
}

/** Throws `TypeError` for a text that is not a state of this version. */
export function readConnectionState(text: string): ConnectionState {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch (cause) {
    throw new TypeError('the state is not JSON', { cause })
  }
  const { stateVersion, connections } = (state ?? {}) as Partial<ConnectionState>
  if (stateVersion !== connectionStateVersion || typeof connections !== 'object' || connections === null) {
    throw new TypeError(`the state is not one of version ${connectionStateVersion}`)
  }
  const read = Object.entries(connections).map(([key, memory]): [string, ConnectionMemory] => {
    return [key, { ...createConnectionMemory(), ...memory }]
  })
  return { stateVersion, connections: Object.fromEntries(read) }
}

export function formatConnectionState(state: ConnectionState): string {
  return `${JSON.stringify(state, null, 2)}\n`
}
