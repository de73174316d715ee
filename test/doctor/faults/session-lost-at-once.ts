import { type Fault, withToken } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['P21'],
  says: 'each request is another instance, and none knows the sessions of the others',
  break(lab) {
    lab.addEdge(
      withToken((request, next) => {
        return request.headers.has('mcp-session-id')
          ? json({ error: 'session not found' }, 404)
          : next(request)
      }),
    )
  },
}
