/** Which kind of program asks, by its User-Agent or by how its client identifies itself: a closed list, so that nothing of what a stranger sends is kept. */

import { claudeCallbacks } from '../oauth/claude.ts'
import { parseUrl } from '../platform/url.ts'

export type Agent =
  | 'claude'
  | 'claude-code'
  | 'chatgpt'
  | 'vscode'
  | 'cursor'
  | 'codex'
  | 'bun'
  | 'node'
  | 'python'
  | 'go'
  | 'browser'
  | 'tool'
  | 'postern'
  | 'none'
  | 'other'

/** In order: the first that fits. Sources of the first two are in `client/surfaces/`. */
const families: readonly (readonly [Agent, RegExp])[] = [
  ['postern', /\(Postern probe\)/],
  // Hosted Claude calls MCP as the one and everything else as the other; a Python client looks the same.
  ['claude', /^(?:Claude-User|python-httpx)\b/i],
  ['claude-code', /^claude-code\b/i],
  ['chatgpt', /^(?:openai-mcp|ChatGPT)\b/i],
  ['vscode', /\b(?:vscode|Visual Studio Code)\b/i],
  ['cursor', /^cursor\b/i],
  ['codex', /^codex\b/i],
  ['browser', /^Mozilla\//],
  ['tool', /^(?:curl|wget|httpie|PostmanRuntime|insomnia|bruno|k6|ab)\b/i],
  ['bun', /^Bun\b/],
  ['node', /^(?:node|undici|axios|got|Deno)\b/i],
  ['python', /^(?:python|aiohttp)\b/i],
  ['go', /^Go-http-client\b/i],
]

export function agentOf(userAgent: string | undefined): Agent {
  if (userAgent === undefined || userAgent === '') return 'none'
  return families.find(([, shape]) => shape.test(userAgent))?.[0] ?? 'other'
}

/** For a request that comes by browser: whose client it says to be. */
export function agentOfClient(client: {
  clientId?: string | undefined
  clientName?: string | undefined
  redirectHost?: string | undefined
}): Agent | undefined {
  const { clientId = '', clientName = '', redirectHost } = client
  if (/^Claude Code\b/.test(clientName) || clientId === claudeCodeDocument) return 'claude-code'
  const hosts = claudeCallbacks.map((callback) => parseUrl(callback)?.host)
  return redirectHost !== undefined && hosts.includes(redirectHost) ? 'claude' : undefined
}

/** Programs that a client is made of: the login of Claude Code is another one than what speaks MCP (recorded 2026-11). */
export function partsOf(agent: Agent | undefined): readonly (Agent | undefined)[] {
  return agent === 'claude-code' ? ['claude-code', 'bun'] : [agent]
}

const claudeCodeDocument = 'https://claude.ai/oauth/claude-code-client-metadata'

const names: Readonly<Record<Agent, string>> = {
  claude: 'Claude',
  'claude-code': 'Claude Code',
  chatgpt: 'ChatGPT',
  vscode: 'VS Code',
  cursor: 'Cursor',
  codex: 'Codex',
  bun: 'a Bun program',
  node: 'a Node.js program',
  python: 'a Python program',
  go: 'a Go program',
  browser: 'a browser',
  tool: 'a command-line tool',
  postern: 'Postern itself',
  none: 'a nameless program',
  other: 'some program',
}

export function agentName(agent: string | undefined): string {
  return names[agent as Agent] ?? names.other
}
