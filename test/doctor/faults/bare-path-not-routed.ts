import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N13'],
  says: 'a load balancer’s rule is for /mcp/* only',
  break(lab) {
    lab.addEdge(atPath('/mcp', () => html('Not Found', 404)))
  },
}
