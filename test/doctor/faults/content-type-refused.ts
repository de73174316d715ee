import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['M5'],
  says: 'only a content type with a charset is taken, and that is judged before the token',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        const isBare = request.headers.get('content-type') === 'application/json'
        return isBare ? json({ error: 'Unsupported Media Type' }, 415) : next(request)
      }),
    )
  },
}
