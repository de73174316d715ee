import { type Fault, onMethod } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['P15'],
  says: 'prompts/list ends in 500',
  break(lab) {
    lab.addEdge(onMethod('prompts/list', () => json({ error: 'Internal Server Error' }, 500)))
  },
}
