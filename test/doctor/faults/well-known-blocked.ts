import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D22'],
  says: 'the proxy refuses paths that begin with a dot',
  break(lab) {
    lab.addEdge(atPath(/^\/\./, () => html('<center><h1>403 Forbidden</h1></center><hr>nginx', 403)))
  },
}
