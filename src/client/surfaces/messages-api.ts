/** The MCP connector of Anthropic's Messages API: no sign-in of its own, a token that the caller brings, tools and nothing else. */

import type { Evidence, Surface } from '../surface.ts'
import { claudeHosted } from './claude-hosted.ts'

const documented: Evidence = {
  source: 'https://platform.claude.com/docs/en/agents-and-tools/mcp-connector',
  observedAt: '2026-09',
}

const seen: Evidence = {
  source: 'https://github.com/anthropics/anthropic-sdk-typescript/issues/784',
  observedAt: '2025-06-28',
}

export const messagesApi: Surface = {
  ...claudeHosted,
  name: 'messages-api',
  title: 'The MCP connector of the Messages API',
  // Its own is not published; the cloud that it comes from sends this one elsewhere.
  userAgents: { ...claudeHosted.userAgents, stages: {} },
  identity: { ...claudeHosted.identity, ...documented, order: [] },
  refresh: { ...documented, pass: undefined, aheadSeconds: 0, attempts: 0, afterwards: 'repeat' },
  challenges: {
    ...documented,
    maximumSignIns: 0,
    stepUpScope: 'none',
    revocation: undefined,
    otherForbidden: 'stop',
  },
  mcp: {
    ...claudeHosted.mcp,
    ...seen,
    first: 'initialize',
    // The newest that was seen on the wire; which one it asks for now is not known.
    initializeVersion: '2025-03-26',
    modern: false,
    clientInfo: { name: 'Anthropic/API', version: '1.0.0' },
    capabilities: {},
    lists: 'tools',
    versionHeader: false,
    // It follows the backward compatibility of MCP 2025-03-26: POST, and on any 4xx GET; an unanswered GET hangs the call.
    fallsBackToEvents: 'any-4xx',
    events: 'sse-path',
  },
  deadlines: {
    ...claudeHosted.deadlines,
    source: 'https://github.com/anthropics/anthropic-sdk-typescript/issues/844',
    observedAt: '2025-11',
    toolSeconds: 120,
  },
  notModelled: [
    'Requests come from this machine: the addresses, the TLS handshake and the reuse of connections are not those of its cloud.',
    'Its User-Agent is not published; this sends the one that the same cloud sends elsewhere.',
    'Which revision it asks for today is not known; this asks for the newest that was seen.',
  ],
}
