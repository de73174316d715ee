import { atPath, changed, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['T10'],
  says: 'every answer of the token endpoint has status 200',
  break(lab) {
    lab.addEdge(atPath('/token', changed({ status: 200 })))
  },
}
