import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N16'],
  says: 'one registration for each address and hour',
  break(lab) {
    let taken = 0
    lab.addEdge(
      atPath('/register', (request, next) => {
        return taken++ === 0
          ? next(request)
          : json({ error: 'too_many_requests' }, 429, { 'Retry-After': '3600' })
      }),
    )
  },
}
