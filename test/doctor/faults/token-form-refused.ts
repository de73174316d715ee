import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['T1'],
  says: 'only JSON bodies are parsed',
  break(lab) {
    lab.addEdge(
      atPath('/token', (request, next) => {
        const isForm = request.headers.get('content-type')?.includes('form') === true
        return isForm ? json({ error: 'invalid_request' }, 415) : next(request)
      }),
    )
  },
}
