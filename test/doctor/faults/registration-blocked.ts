import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R4'],
  says: 'the edge forbids programs to register',
  break(lab) {
    lab.addEdge(atPath('/register', () => html('Forbidden', 403)))
  },
}
