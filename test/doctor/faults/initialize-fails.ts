import { type Fault, onMethod } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['V7'],
  says: 'initialize ends in 500',
  break(lab) {
    lab.addEdge(onMethod('initialize', () => json({ error: 'Internal Server Error' }, 500)))
  },
}
