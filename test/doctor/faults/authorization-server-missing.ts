import { atPath, type Fault, wellKnownResource, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D6'],
  says: 'authorization_servers is empty',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownResource,
        withMembers(() => ({ authorization_servers: [] })),
      ),
    )
  },
}
