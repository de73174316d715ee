import { atPath, changed, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['R12', 'T16'],
  says: 'a client that is not known is refused with 400',
  break(lab) {
    lab.addEdge(atPath('/token', whenStatus(401, changed({ status: 400 }))))
  },
}
