import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R16'],
  says: 'the client’s document is fetched for every token request, and every other time not in time',
  settings: { identity: 'metadata-document' },
  break(lab) {
    let fetched = 0
    lab.addEdge(
      atPath('/token', (request, next) => {
        return fetched++ % 2 === 0 ? next(request) : json({ error: 'invalid_client' }, 401)
      }),
    )
  },
}
