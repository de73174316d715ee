import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N26'],
  says: 'the SDK’s list of allowed hosts has only localhost',
  break(lab) {
    const refusal = {
      jsonrpc: '2.0',
      error: { code: -32000, message: 'Invalid Host: mcp.lab.example' },
      id: null,
    }
    lab.addEdge(atPath('/mcp', () => json(refusal, 403)))
  },
}
