// The official TypeScript SDK, v1 line (@modelcontextprotocol/sdk), with its own OAuth code.
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { startCallbackListener } from '../loopback.ts'
import { type ClientRun, type ClientTask, readText, readToolNames, wayInOf } from './client-run.ts'
import { packageVersion } from './installed.ts'
import { createMemoryProvider } from './memory-provider.ts'

export async function runSdkV1(task: ClientTask): Promise<ClientRun> {
  const version = await packageVersion('@modelcontextprotocol/sdk')
  const listener = await startCallbackListener()
  const provider = createMemoryProvider<OAuthClientInformationMixed, OAuthTokens>({
    clientName: 'MCP SDK v1',
    listener,
    ...(task.clientMetadataUrl === undefined ? {} : { clientMetadataUrl: task.clientMetadataUrl }),
    ...(task.preRegistered === undefined ? {} : { clientInformation: credentials(task.preRegistered) }),
  })
  const connect = async (): Promise<{ client: Client; transport: StreamableHTTPClientTransport }> => {
    const client = new Client({ name: 'postern-interop-sdk-v1', version })
    const transport = new StreamableHTTPClientTransport(new URL(task.url), { authProvider: provider })
    try {
      await client.connect(transport as Transport)
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error
      const response = await provider.authorize(task.browse)
      await transport.finishAuth(response.get('code') ?? '')
      return connect()
    }
    return { client, transport }
  }
  try {
    const { client, transport } = await connect()
    const tools = readToolNames(await client.listTools())
    const text = readText(await client.callTool(task.call))
    await transport.terminateSession()
    await client.close()
    const authorizationUrl = provider.authorizationUrl()
    return {
      name: 'MCP SDK v1',
      version,
      wayIn: wayInOf(authorizationUrl, task),
      authorizationUrl,
      protocolVersion: transport.protocolVersion,
      tools,
      text,
    }
  } finally {
    await listener.close()
  }
}

function credentials({
  clientId,
  clientSecret,
}: NonNullable<ClientTask['preRegistered']>): OAuthClientInformationMixed {
  return { client_id: clientId, ...(clientSecret === undefined ? {} : { client_secret: clientSecret }) }
}
