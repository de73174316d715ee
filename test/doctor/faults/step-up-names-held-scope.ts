import { type Fault, onMethod } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['X10'],
  says: 'the scope that is asked for is the one that was given',
  break(lab) {
    lab.addEdge(
      onMethod('tools/list', () => {
        return json({ error: 'insufficient_scope' }, 403, {
          'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="notes:read"',
        })
      }),
    )
  },
}
