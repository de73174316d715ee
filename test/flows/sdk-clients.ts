// The official SDKs with their own OAuth code, against a door without a socket: only the person is ours.

import {
  Client as ClientV2,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport as TransportV2,
  UnauthorizedError as UnauthorizedV2,
} from '@modelcontextprotocol/client'
import { UnauthorizedError as UnauthorizedV1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { Browser, Door } from '../door.ts'

export interface SdkClient {
  listTools(): Promise<string[]>
  /** The text of its answer; where the SDK asks for a person, that is done and the call made once more. */
  call(tool: string): Promise<string>
  /** How often a person was asked, and the scope of each time. */
  readonly signIns: number
  readonly scopes: readonly (string | null)[]
}

/** What a person does with the consent page. */
export type Decide = Parameters<Browser['approve']>[1]

const redirectUrl = 'http://localhost:3999/callback'

/** Serves both SDKs: their contracts differ in the types of what is stored and in nothing used here. */
function memoryOf<Information, Tokens>(): {
  readonly redirectUrl: string
  readonly clientMetadata: {
    client_name: string
    redirect_uris: string[]
    token_endpoint_auth_method: string
  }
  clientInformation(): Information | undefined
  saveClientInformation(information: Information): void
  tokens(): Tokens | undefined
  saveTokens(tokens: Tokens): void
  invalidateCredentials(): void
  redirectToAuthorization(url: URL): void
  saveCodeVerifier(verifier: string): void
  codeVerifier(): string
  wanted(): URL
} {
  let information: Information | undefined
  let tokens: Tokens | undefined
  let verifier = ''
  let wanted: URL | undefined
  return {
    redirectUrl,
    clientMetadata: {
      client_name: 'An SDK',
      redirect_uris: [redirectUrl],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => information,
    saveClientInformation: (saved) => {
      information = saved
    },
    tokens: () => tokens,
    saveTokens: (saved) => {
      tokens = saved
    },
    invalidateCredentials: () => {
      tokens = undefined
    },
    redirectToAuthorization: (url) => {
      wanted = url
    },
    saveCodeVerifier: (saved) => {
      verifier = saved
    },
    codeVerifier: () => verifier,
    wanted() {
      if (wanted === undefined) throw new Error('the SDK never asked for a browser')
      return wanted
    },
  }
}

interface Session {
  listTools(): Promise<{ tools: { name: string }[] }>
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<unknown>
}

interface Sdk {
  connect(): Promise<Session>
  finish(response: URLSearchParams): Promise<void>
  isUnauthorized(error: unknown): boolean
  wanted(): URL
}

async function begin(door: Door, sdk: Sdk, decide: Decide): Promise<SdkClient> {
  const scopes: (string | null)[] = []
  const browser = door.browser()

  async function signedIn<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      if (!sdk.isUnauthorized(error)) throw error
    }
    const url = sdk.wanted()
    scopes.push(url.searchParams.get('scope'))
    const back = await browser.approve(url.href, decide)
    await sdk.finish(back.searchParams)
    return action()
  }

  const session = await signedIn(() => sdk.connect())
  return {
    listTools: () => signedIn(async () => (await session.listTools()).tools.map(({ name }) => name)),
    call: (tool) => signedIn(async () => textOf(await session.callTool({ name: tool, arguments: {} }))),
    get signIns() {
      return scopes.length
    },
    scopes,
  }
}

function textOf(result: unknown): string {
  const { content } = result as { content: { text: string }[] }
  return content.map(({ text }) => text).join('')
}

export async function connectSdkV1(door: Door, decide: Decide = () => {}): Promise<SdkClient> {
  const memory = memoryOf<OAuthClientInformationMixed, OAuthTokens>()
  let transport: TransportV1
  return begin(
    door,
    {
      async connect() {
        const client = new ClientV1({ name: 'sdk-v1', version: '1' })
        transport = new TransportV1(new URL(door.mcpUrl), {
          authProvider: memory,
          fetch: (input, init) => door.fetch(String(input), init),
        })
        await client.connect(transport as Transport)
        return client
      },
      finish: async (response) => transport.finishAuth(response.get('code') ?? ''),
      isUnauthorized: (error) => error instanceof UnauthorizedV1,
      wanted: memory.wanted,
    },
    decide,
  )
}

export async function connectSdkV2(door: Door, decide: Decide = () => {}): Promise<SdkClient> {
  const memory = memoryOf<StoredOAuthClientInformation, StoredOAuthTokens>()
  let transport: TransportV2
  let discovered: OAuthDiscoveryState | undefined
  // Which server the answer has to be of, which this SDK wants to see kept (SEP-2352).
  const provider = {
    ...memory,
    saveDiscoveryState: (state: OAuthDiscoveryState) => {
      discovered = state
    },
    discoveryState: () => discovered,
  }
  return begin(
    door,
    {
      async connect() {
        const client = new ClientV2(
          { name: 'sdk-v2', version: '1' },
          { versionNegotiation: { mode: 'legacy' } },
        )
        transport = new TransportV2(new URL(door.mcpUrl), {
          authProvider: provider,
          fetch: (input, init) => door.fetch(String(input), init),
        })
        await client.connect(transport as Parameters<ClientV2['connect']>[0])
        return client
      },
      finish: (response) => transport.finishAuth(response),
      isUnauthorized: (error) => error instanceof UnauthorizedV2,
      wanted: memory.wanted,
    },
    decide,
  )
}
