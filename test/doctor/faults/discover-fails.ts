import { type Fault, onMethod } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['P2'],
  says: 'a method that is not known ends in 500',
  break(lab) {
    lab.addEdge(onMethod('server/discover', () => json({ error: 'Internal Server Error' }, 500)))
  },
}
