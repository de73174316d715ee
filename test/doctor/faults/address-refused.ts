import type { Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N7', 'N12'],
  says: 'a firewall that refuses the country of the caller',
  break(lab) {
    lab.addEdge(() =>
      html('Error 1009. The owner has banned the country or region your IP address is in.', 403, {
        'cf-ray': 'x',
      }),
    )
  },
}
