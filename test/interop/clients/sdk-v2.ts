// The official TypeScript SDK, v2 line (@modelcontextprotocol/client), with its own OAuth code, in either era.
import {
  Client,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  type Transport,
  UnauthorizedError,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client'
import { startCallbackListener } from '../loopback.ts'
import { type ClientRun, type ClientTask, readText, readToolNames, wayInOf } from './client-run.ts'
import { packageVersion } from './installed.ts'
import { createMemoryProvider } from './memory-provider.ts'

export async function runSdkV2(
  task: ClientTask & { readonly era?: VersionNegotiationMode },
): Promise<ClientRun> {
  const version = await packageVersion('@modelcontextprotocol/client')
  const listener = await startCallbackListener()
  const memory = createMemoryProvider<StoredOAuthClientInformation, StoredOAuthTokens>({
    clientName: 'MCP SDK v2',
    listener,
    ...(task.clientMetadataUrl === undefined ? {} : { clientMetadataUrl: task.clientMetadataUrl }),
    ...(task.preRegistered === undefined
      ? {}
      : { clientInformation: credentials(task.preRegistered, task.url) }),
  })
  let discovered: OAuthDiscoveryState | undefined
  const provider: OAuthClientProvider = {
    ...memory,
    saveDiscoveryState: (state) => {
      discovered = state
    },
    discoveryState: () => discovered,
  }
  const connect = async (): Promise<{ client: Client; transport: StreamableHTTPClientTransport }> => {
    const client = new Client(
      { name: 'postern-interop-sdk-v2', version },
      { versionNegotiation: { mode: task.era ?? 'legacy' } },
    )
    const transport = new StreamableHTTPClientTransport(new URL(task.url), { authProvider: provider })
    try {
      await client.connect(transport as Transport)
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error
      await transport.finishAuth(await memory.authorize(task.browse))
      return connect()
    }
    return { client, transport }
  }
  try {
    const { client, transport } = await connect()
    const tools = readToolNames(await client.listTools())
    const text = readText(await client.callTool(task.call))
    await transport.terminateSession()
    const protocolVersion = client.getNegotiatedProtocolVersion()
    await client.close()
    const authorizationUrl = memory.authorizationUrl()
    return {
      name: 'MCP SDK v2',
      version,
      wayIn: wayInOf(authorizationUrl, task),
      authorizationUrl,
      protocolVersion,
      tools,
      text,
    }
  } finally {
    await listener.close()
  }
}

/** With the issuer it belongs to, which this SDK wants to see kept with it (SEP-2352). */
function credentials(
  { clientId, clientSecret }: NonNullable<ClientTask['preRegistered']>,
  url: string,
): StoredOAuthClientInformation {
  return {
    client_id: clientId,
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
    issuer: new URL(url).origin,
  }
}
