import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R3'],
  says: 'an initial access token is demanded',
  break(lab) {
    lab.addEdge(atPath('/register', () => json({ error: 'invalid_token' }, 401)))
  },
}
