// An MCP server on stdio that has its key in its environment and says which one it is. Started as a program.

import { createInterface } from 'node:readline'

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line) as { id?: number; method: string }
  if (id === undefined) continue
  const results: Record<string, unknown> = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'key', version: '1' },
    },
    'tools/list': {
      tools: [{ name: 'whoami', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } }],
    },
    'tools/call': {
      content: [
        { type: 'text', text: `${process.env.EXAMPLE_KEY}, ${process.env.EXAMPLE_REGION ?? 'nowhere'}` },
      ],
    },
  }
  const result = results[method]
  const answer = result === undefined ? { error: { code: -32601, message: 'unknown' } } : { result }
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`)
}
