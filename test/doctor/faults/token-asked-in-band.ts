import { atPath, type Fault, whenStatus } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['M3'],
  says: 'the missing token is an error of JSON-RPC in a 200',
  break(lab) {
    const error = { code: -32001, message: 'Unauthorized: missing access token' }
    lab.addEdge(
      atPath(
        '/mcp',
        whenStatus(401, () => json({ jsonrpc: '2.0', id: 0, error })),
      ),
    )
  },
}
