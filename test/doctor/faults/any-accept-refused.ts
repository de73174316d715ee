import { type Fault, withToken } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['P6'],
  says: 'Accept has to name both types',
  break(lab) {
    lab.addEdge(
      withToken((request, next) => {
        const isRefused = request.method === 'POST' && request.headers.get('accept') === '*/*'
        return isRefused ? json({ error: 'Not Acceptable' }, 406) : next(request)
      }),
    )
  },
}
