/** The public face of the client half, `postern/client`: web-standard; the browser and the state file of Node are beside it. */

export {
  type Browser,
  type CallbackListener,
  isAtRedirectUri,
  type OpenCallback,
  type Visit,
} from './browser.ts'
export { createFetchBrowser, type Login } from './browser-fetch.ts'
export { ConnectFailure, type FailureReason } from './connect-failure.ts'
export {
  type ConnectionMemory,
  type ConnectionState,
  connectionKey,
  createConnectionMemory,
  createConnectionState,
  formatConnectionState,
  type RegisteredClient,
  type RememberedTokens,
  readConnectionState,
} from './connection-state.ts'
export {
  type ConnectedSession,
  type Connection,
  type ConnectOptions,
  connect,
  type Listed,
  type ToolCall,
} from './connector.ts'
export type { Evidence, Surface } from './surface.ts'
export * as surfaces from './surfaces/index.ts'
export { strictAt, strictRevisions } from './surfaces/strict.ts'
export {
  type Transcript,
  type TranscriptExchange,
  type TranscriptStep,
  transcriptVersion,
  type Verdict,
} from './transcript.ts'
export { hostedVariant, hostedVariants, type Variant } from './variants.ts'
