/** What one exchange of a connection is for, in a sentence for a person who looks at the wire for the first time. */

import type { StepName, TranscriptExchange } from './transcript.ts'

export type ExplainedExchange = Pick<
  TranscriptExchange,
  'method' | 'url' | 'requestHeaders' | 'requestBody' | 'status' | 'failure'
>

/** First what is asked and why, then what the answer means. */
export function explainExchange(step: StepName | 'probe-of-doctor', exchange: ExplainedExchange): string {
  const outcome = explainOutcome(step, exchange)
  return outcome === undefined
    ? explainRequest(step, exchange)
    : `${explainRequest(step, exchange)} ${outcome}`
}

/** Whether the person's browser sends it, and not the client itself. */
export function isSentByBrowser(step: StepName | 'probe-of-doctor'): boolean {
  return step === 'authorization'
}

/** The JSON-RPC method of a request to an MCP server. */
export function rpcMethodOf({ requestBody }: Pick<ExplainedExchange, 'requestBody'>): string | undefined {
  return /^\s*\{/.test(requestBody ?? '') ? methodIn(requestBody ?? '') : undefined
}

function explainRequest(step: StepName | 'probe-of-doctor', exchange: ExplainedExchange): string {
  const path = pathOf(exchange.url)
  if (path.includes('/.well-known/oauth-protected-resource'))
    return 'Asks which authorization server protects this MCP server (RFC 9728).'
  if (/\/\.well-known\/(?:oauth-authorization-server|openid-configuration)/.test(path))
    return 'Asks the authorization server for its endpoints and what it supports (RFC 8414).'
  if (step === 'registration' && exchange.method === 'POST')
    return 'Registers itself as a client, without anybody’s help (RFC 7591).'
  if (step === 'authorization')
    return exchange.method === 'GET'
      ? 'The browser opens a page of the sign-in.'
      : 'The browser sends a form of the sign-in.'
  if (step === 'revocation') return 'Gives its tokens back (RFC 7009).'
  const grant = new URLSearchParams(exchange.requestBody ?? '').get('grant_type')
  if (grant === 'authorization_code')
    return 'Exchanges the code for tokens, and proves by its verifier that it began the sign-in (RFC 7636).'
  if (grant === 'refresh_token') return 'Renews the access token (RFC 6749 §6).'
  const method = rpcMethodOf(exchange)
  if (method !== undefined) return explainMethod(method, exchange)
  if (
    exchange.method === 'GET' &&
    /event-stream/.test(exchange.requestHeaders.accept ?? exchange.requestHeaders.Accept ?? '')
  )
    return 'Opens a stream for messages that the server sends by itself; 405 is a good answer too.'
  if (exchange.method === 'DELETE') return 'Ends the session.'
  return 'Looks at how the server answers this.'
}

function explainMethod(method: string, exchange: ExplainedExchange): string {
  const withToken = hasToken(exchange)
  const known = methods[method]
  if (known !== undefined) return known
  if (method === 'initialize')
    return withToken
      ? 'Opens the session with its token: the first call that needs one.'
      : 'Knocks without a token, to learn whether one is needed.'
  if (method === 'server/discover')
    return withToken
      ? 'Asks what the server speaks (MCP 2026-07-28); an older server refuses, and initialize follows.'
      : 'Knocks without a token in the newest revision of MCP (2026-07-28), to learn whether one is needed.'
  return `Sends ${method}.`
}

const methods: Readonly<Record<string, string>> = {
  'notifications/initialized': 'Says that it is ready; 202 is the right answer.',
  'tools/list': 'Asks for the tools.',
  'prompts/list': 'Asks for the prompts; an empty list or “method not found” will do.',
  'resources/list': 'Asks for the resources; an empty list or “method not found” will do.',
  'tools/call': 'Calls a tool.',
  'resources/read': 'Reads a resource.',
  'subscriptions/listen': 'Listens for changes of the lists (MCP 2026-07-28).',
}

function explainOutcome(step: StepName | 'probe-of-doctor', exchange: ExplainedExchange): string | undefined {
  const { status, failure } = exchange
  if (status === undefined) return `Nothing came back: ${failure ?? 'no answer'}.`
  const isMcp = rpcMethodOf(exchange) !== undefined
  if (status === 401 && isMcp)
    return hasToken(exchange)
      ? 'The token is not accepted.'
      : 'It is told to sign in, as a protected server should.'
  if (status === 403 && isMcp)
    return 'Refused: the sign-in does not reach so far, or something before the server forbids it.'
  if (status === 400 && rpcMethodOf(exchange) === 'server/discover')
    return 'An older server: it goes on with initialize.'
  if (status === 404 && pathOf(exchange.url).includes('/.well-known/'))
    return 'Not here; it tries the next place.'
  if (status >= 300 && status <= 399 && step === 'authorization') return 'The browser is sent on.'
  if (status >= 500) return 'The server failed.'
  return undefined
}

function hasToken({ requestHeaders }: Pick<ExplainedExchange, 'requestHeaders'>): boolean {
  return Object.keys(requestHeaders).some((name) => name.toLowerCase() === 'authorization')
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url
}

function methodIn(text: string): string | undefined {
  try {
    const { method } = JSON.parse(text) as { method?: unknown }
    return typeof method === 'string' ? method : undefined
  } catch {
    return undefined
  }
}
