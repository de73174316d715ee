import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['M5'],
  says: 'the transport refuses */* before the token is looked at',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        const isNamed = request.headers.get('accept')?.includes('text/event-stream') === true
        return isNamed || request.method !== 'POST' ? next(request) : json({ error: 'Not Acceptable' }, 406)
      }),
    )
  },
}
