import { type Fault, withToken } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N14'],
  says: 'the firewall lets only the OAuth paths pass',
  break(lab) {
    lab.addEdge(withToken(() => html('Access denied', 403)))
  },
}
