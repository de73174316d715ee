// An MCP server on stdio that remembers, in its own memory and nowhere else: who is not brought back to the same process is forgotten.

import { createInterface } from 'node:readline'

const told = []
let count = 0
createInterface({ input: process.stdin }).on('line', (line) => {
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
    answer({
      content: [{ type: 'text', text: `process ${process.pid} told ${told.join(',')} initialized ${count}` }],
    })
  } else {
    answer({})
  }
})
