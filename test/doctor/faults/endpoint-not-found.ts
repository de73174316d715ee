import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['V6'],
  says: 'the server is mounted elsewhere',
  break(lab) {
    lab.addEdge(atPath(/^\/mcp\/?$/, () => json({ error: 'not_found' }, 404)))
  },
}
