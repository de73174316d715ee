/** The test kit, `postern/testing`: Claude's clients in the tests of any MCP server, whatever runs them (vitest, jest, node:test). */

export {
  type ClientName,
  type ConnectedClient,
  connectAs,
  type ExaminedServer,
  type ExamineOptions,
  examineAs,
  type TestConnectOptions,
  TranscriptAssertion,
} from './app/testing.ts'
export type { Login } from './client/browser-fetch.ts'
export type { Connection, Listed, ToolCall } from './client/connector.ts'
export type { Surface } from './client/surface.ts'
export type {
  StepName,
  Transcript,
  TranscriptExchange,
  TranscriptStep,
  Verdict,
} from './client/transcript.ts'
export type { Finding } from './doctor/diagnosis.ts'
export type { DoctorReport } from './doctor/report.ts'
