import { atPath, type Fault, wellKnownIssuer } from '../lab/fault.ts'
import { notFound } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D7'],
  says: 'none of the three places of an issuer with a path exists',
  settings: { issuerForm: 'path' },
  break(lab) {
    lab.addEdge(atPath(wellKnownIssuer, notFound))
  },
}
