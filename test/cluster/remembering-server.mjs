// An MCP server on stdio that remembers, in its own memory and nowhere else: who is not brought back to the same process is forgotten.

import { createInterface } from 'node:readline'

const told = []
let count = 0
const input = createInterface({ input: process.stdin })
// As many do: what was not answered by then is lost.
input.on('close', () => process.exit())
input.on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) return
  const answer = (result) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`)
  if (method === 'initialize') {
    count++
    const serverInfo = { name: 'remembering', version: '1' }
    answer({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo })
  } else if (method === 'tools/list') {
    answer({
      tools: [{ name: 'tell', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }],
    })
  } else if (method === 'tools/call') {
    told.push(params.arguments.text)
    const text = `process ${process.pid} told ${told.join(',')} initialized ${count}`
    setTimeout(() => answer({ content: [{ type: 'text', text }] }), params.arguments.afterMs ?? 0)
  } else {
    answer({})
  }
})
