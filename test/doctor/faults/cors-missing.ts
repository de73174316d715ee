import { atPath, changed, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D26'],
  says: 'metadata may be read by nobody’s browser',
  break(lab) {
    lab.addEdge(
      atPath(/\/\.well-known\//, changed({ headers: { 'Access-Control-Allow-Origin': undefined } })),
    )
  },
}
