import { changed, type Fault, onMethod, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P17'],
  says: 'JSON as text/plain',
  break(lab) {
    lab.addEdge(onMethod(/./, whenStatus(200, changed({ headers: { 'Content-Type': 'text/plain' } }))))
  },
}
