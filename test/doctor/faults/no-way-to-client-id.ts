import { atPath, type Fault, wellKnownIssuer, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D17', 'R5'],
  says: 'neither registration nor metadata documents',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownIssuer,
        withMembers(() => ({ registration_endpoint: undefined })),
      ),
    )
  },
}
