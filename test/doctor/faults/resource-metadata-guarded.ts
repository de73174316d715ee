import { atPath, type Fault, wellKnownResource } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D1'],
  says: 'the metadata asks for a token',
  break(lab) {
    lab.addEdge(atPath(wellKnownResource, () => json({ error: 'unauthorized' }, 401)))
  },
}
