import { type Fault, withToken } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['V4'],
  says: 'the key set is not reachable: 500 for every good token',
  break(lab) {
    lab.addEdge(withToken(() => json({ error: 'fetch failed' }, 500)))
  },
}
