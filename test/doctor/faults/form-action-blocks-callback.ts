import { atPath, changed, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['Z2'],
  says: 'forms may lead to the own origin only',
  break(lab) {
    const policy = "default-src 'self'; form-action 'self'"
    lab.addEdge(atPath('/authorize', changed({ headers: { 'Content-Security-Policy': policy } })))
  },
}
