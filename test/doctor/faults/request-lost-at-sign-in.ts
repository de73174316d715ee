import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['Z5'],
  says: 'after the sign-in there is a page for people, and no way back to the client',
  break(lab) {
    lab.addEdge(atPath('/sign-in', () => html('Welcome back, Ada.')))
  },
}
