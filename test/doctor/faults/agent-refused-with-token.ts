import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N8', 'V1'],
  says: 'an edge refuses Claude-User on the endpoint, but not what discovery sends',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        const isBot =
          request.headers.get('user-agent') === 'Claude-User' && request.headers.has('authorization')
        return isBot ? json({ message: 'forbidden' }, 403) : next(request)
      }),
    )
  },
}
