import { atPath, type Fault, wellKnownResource, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D4', 'C3'],
  says: 'resource ends in a slash that was not typed',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownResource,
        withMembers(() => ({ resource: `${lab.url}/` })),
      ),
    )
  },
}
