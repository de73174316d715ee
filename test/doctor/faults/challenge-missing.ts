import { atPath, changed, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['M1', 'N21'],
  says: 'a proxy strips WWW-Authenticate',
  break(lab) {
    lab.addEdge(atPath('/mcp', changed({ headers: { 'WWW-Authenticate': undefined } })))
  },
}
