// The OAuthClientProvider of the official SDKs with everything in memory and a callback listener for the redirect.
import { randomBytes } from 'node:crypto'
import type { CallbackListener } from '../loopback.ts'
import type { ClientTask } from './client-run.ts'

/** Serves both SDKs: their provider contracts differ in the types of what is stored and in nothing used here. */
export interface MemoryProvider<ClientInformation, Tokens> {
  readonly redirectUrl: string
  readonly clientMetadata: {
    client_name: string
    redirect_uris: string[]
    grant_types: string[]
    response_types: string[]
    token_endpoint_auth_method: string
  }
  readonly clientMetadataUrl?: string
  state(): string
  clientInformation(): ClientInformation | undefined
  saveClientInformation(information: ClientInformation): void
  tokens(): Tokens | undefined
  saveTokens(tokens: Tokens): void
  redirectToAuthorization(url: URL): void
  saveCodeVerifier(verifier: string): void
  codeVerifier(): string
  /** Where the SDK wanted the browser to go. */
  authorizationUrl(): URL
  /** Takes the browser there and returns the authorization response, its state compared (the SDKs leave that to us). */
  authorize(browse: ClientTask['browse']): Promise<URLSearchParams>
}

export function createMemoryProvider<ClientInformation, Tokens>(options: {
  readonly clientName: string
  readonly listener: CallbackListener
  readonly clientInformation?: ClientInformation
  readonly clientMetadataUrl?: string
}): MemoryProvider<ClientInformation, Tokens> {
  let information = options.clientInformation
  let tokens: Tokens | undefined
  let verifier = ''
  let authorizationUrl: URL | undefined
  const state = randomBytes(32).toString('base64url')
  const provider: MemoryProvider<ClientInformation, Tokens> = {
    redirectUrl: options.listener.redirectUri,
    clientMetadata: {
      client_name: options.clientName,
      redirect_uris: [options.listener.redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    ...(options.clientMetadataUrl === undefined ? {} : { clientMetadataUrl: options.clientMetadataUrl }),
    state: () => state,
    clientInformation: () => information,
    saveClientInformation: (saved) => {
      information = saved
    },
    tokens: () => tokens,
    saveTokens: (saved) => {
      tokens = saved
    },
    redirectToAuthorization: (url) => {
      authorizationUrl = url
    },
    saveCodeVerifier: (saved) => {
      verifier = saved
    },
    codeVerifier: () => verifier,
    authorizationUrl() {
      if (authorizationUrl === undefined) throw new Error('the SDK never asked for a browser')
      return authorizationUrl
    },
    async authorize(browse) {
      const url = provider.authorizationUrl()
      const [response] = await Promise.all([options.listener.waitForResponse(), browse(url.href)])
      if (response.get('state') !== state) throw new Error(`state came back changed: ${response}`)
      if (response.has('error')) throw new Error(`authorization refused: ${response}`)
      return response
    },
  }
  return provider
}
