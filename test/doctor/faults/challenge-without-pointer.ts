import { atPath, changed, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['M1'],
  says: 'the challenge is a bare Bearer',
  break(lab) {
    lab.addEdge(atPath('/mcp', whenStatus(401, changed({ headers: { 'WWW-Authenticate': 'Bearer' } }))))
  },
}
