import { atPath, changed, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['Z1'],
  says: 'the consent form is answered with 307',
  break(lab) {
    lab.addEdge(atPath('/sign-in', whenStatus(303, changed({ status: 307 }))))
  },
}
