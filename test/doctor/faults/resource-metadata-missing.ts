import { atPath, type Fault, wellKnownResource } from '../lab/fault.ts'
import { notFound } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D2'],
  says: 'neither place of the protected resource metadata exists',
  break(lab) {
    lab.addEdge(atPath(wellKnownResource, notFound))
  },
}
