import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N9', 'N11'],
  says: 'a bot check guards the well-known paths',
  break(lab) {
    lab.addEdge(
      atPath(/^\/\.well-known\//, () =>
        html('Just a moment...', 403, { 'cf-mitigated': 'challenge', 'cf-ray': 'x' }),
      ),
    )
  },
}
