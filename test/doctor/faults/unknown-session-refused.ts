import { type Fault, withToken } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'
import { sessionId } from '../lab/mcp-server.ts'

export const fault: Fault = {
  rows: ['P3'],
  says: 'an id of before the restart is refused with 400',
  break(lab) {
    lab.addEdge(
      withToken((request, next) => {
        const id = request.headers.get('mcp-session-id')
        const isStrange = id !== null && id !== sessionId
        const error = { code: -32000, message: 'Bad Request: No valid session ID provided' }
        return isStrange ? json({ jsonrpc: '2.0', id: null, error }, 400) : next(request)
      }),
    )
  },
}
