import { atPath, type Fault, whenStatus } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['Z14'],
  says: 'errors are told on a page',
  break(lab) {
    lab.addEdge(
      atPath(
        '/authorize',
        whenStatus(303, () => html('Something went wrong.', 400)),
      ),
    )
  },
}
