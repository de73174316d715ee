// What every real client is asked to do, and what is kept of it: connect with its own OAuth code, list tools, call one.

export interface ClientTask {
  /** The MCP endpoint. */
  readonly url: string
  /** Brings a browser from the authorization URL to the redirect. */
  readonly browse: (authorizationUrl: string) => Promise<void>
  readonly call: { readonly name: string; readonly arguments: Record<string, string> }
  /** Pre-registered with `http://127.0.0.1/callback` as its redirect (any port, RFC 8252 §7.3). */
  readonly preRegistered?: { readonly clientId: string; readonly clientSecret?: string }
  /** A client metadata document that lists `http://127.0.0.1/callback` (any port). */
  readonly clientMetadataUrl?: string
}

export interface ClientRun {
  readonly name: string
  readonly version: string
  readonly wayIn: WayIn
  /** Where the client sent the browser. */
  readonly authorizationUrl: URL
  readonly protocolVersion: string | undefined
  readonly tools: readonly string[]
  /** The text blocks of the call's result. */
  readonly text: string
}

export type WayIn = 'dynamic registration' | 'client metadata document' | 'pre-registered'

/** Read off the client id that the client presented, not off what it was told to do. */
export function wayInOf(authorizationUrl: URL, task: ClientTask): WayIn {
  const clientId = authorizationUrl.searchParams.get('client_id') ?? ''
  if (clientId === '') throw new Error(`no client_id in ${authorizationUrl}`)
  if (clientId === task.preRegistered?.clientId) return 'pre-registered'
  return clientId.startsWith('https://') ? 'client metadata document' : 'dynamic registration'
}

/** The answers of tools/list and tools/call, as any of the clients hands them over. */
export function readToolNames(result: unknown): string[] {
  const { tools } = result as { tools?: { name: string }[] }
  if (!Array.isArray(tools)) throw new Error(`not an answer to tools/list: ${JSON.stringify(result)}`)
  return tools.map(({ name }) => name)
}

export function readText(result: unknown): string {
  const { content } = result as { content?: { type: string; text?: string }[] }
  if (!Array.isArray(content)) throw new Error(`not an answer to tools/call: ${JSON.stringify(result)}`)
  return content.flatMap(({ type, text }) => (type === 'text' ? [text ?? ''] : [])).join('\n')
}
