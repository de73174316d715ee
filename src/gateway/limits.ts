/** How much one caller may ask of the gateway, and how long anything may take. Every figure is designed; none is "unlimited". */

export interface GatewayLimits {
  /** Of a POST body. The same as the official SDKs accept. */
  bodyBytes: number
  /** Elements of a batch (MCP 2025-03-26). */
  batchMessages: number
  /** GET streams that one person may hold open with one client. */
  streamsPerCaller: number
  /** Requests that wait for the first byte of their answer, of all people together and of one person with one client. */
  callsAtOnce: number
  callsPerCaller: number
  /** Streams of HTTP+SSE clients, of all people together. */
  sseClients: number
  /** How long a GET stream may go on after its token was revoked or has expired; the client opens another with its new one. */
  streamRecheckMs: number
  /** How long a session id can be used. An older one is replaced silently. */
  sessionSeconds: number
  /** Sessions remembered in the open, at about 1 kB each, so that the hot path need not decrypt. */
  rememberedSessions: number
  /** For the tools on the consent page: a person is waiting. */
  catalogueDeadlineMs: number
  /** How long a list of tools, as the consent page and the scope policy use it, is believed. */
  catalogueSeconds: number
}

export const defaultGatewayLimits: GatewayLimits = {
  bodyBytes: 4 * 1024 * 1024,
  batchMessages: 100,
  streamsPerCaller: 16,
  callsAtOnce: 1024,
  callsPerCaller: 256,
  sseClients: 1024,
  streamRecheckMs: 30_000,
  sessionSeconds: 30 * 86_400,
  rememberedSessions: 100_000,
  catalogueDeadlineMs: 3000,
  catalogueSeconds: 60,
}

export interface UpstreamLimits {
  /** From a call to its answer's first byte. Hosted Claude gives up after 300 s. */
  callDeadlineMs: number
  /** The same for `initialize`, GET and DELETE, which do no work. */
  openDeadlineMs: number
  /** A stream on which the upstream is silent for longer is ended. */
  streamIdleMs: number
  /** How often a silent stream carries a comment, so that nothing between believes it dead. */
  keepAliveMs: number
  /** After which a call without any sign is answered with a stream, so that it can carry keep-alives. */
  streamAfterMs: number
  /** One message of an upstream, and what is held for a client that reads slowly. Claude Code takes 16 MB. */
  messageBytes: number
  /** Remembered upstream sessions of callers that send no session id. */
  rememberedSessions: number
}

export const defaultUpstreamLimits: UpstreamLimits = {
  callDeadlineMs: 300_000,
  openDeadlineMs: 60_000,
  streamIdleMs: 15 * 60_000,
  keepAliveMs: 15_000,
  streamAfterMs: 10_000,
  messageBytes: 32 * 1024 * 1024,
  rememberedSessions: 4096,
}
