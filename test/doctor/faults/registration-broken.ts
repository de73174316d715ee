import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R26'],
  says: 'registration is advertised and always fails',
  break(lab) {
    lab.addEdge(atPath('/register', () => json({ error: 'server_error' }, 500)))
  },
}
