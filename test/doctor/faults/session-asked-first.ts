import { atPath, type Fault, whenStatus } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['M5'],
  says: 'without a session there is 400 instead of 401',
  break(lab) {
    lab.addEdge(
      atPath(
        '/mcp',
        whenStatus(401, () => {
          const error = { code: -32000, message: 'Bad Request: No valid session ID provided' }
          return json({ jsonrpc: '2.0', error, id: null }, 400)
        }),
      ),
    )
  },
}
