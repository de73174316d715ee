import { type Fault, withToken } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['P7'],
  says: 'only the own origin is let in',
  break(lab) {
    lab.addEdge(
      withToken((request, next) => {
        const origin = request.headers.get('origin')
        return origin === null ? next(request) : json({ error: 'Invalid Origin header' }, 403)
      }),
    )
  },
}
