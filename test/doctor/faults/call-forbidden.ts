import { type Fault, withToken } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['V11'],
  says: 'the person lacks a role',
  break(lab) {
    lab.addEdge(withToken(() => json({ error: 'forbidden', message: 'role editor required' }, 403)))
  },
}
