import { atPath, type Fault, wellKnownIssuer, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D12'],
  says: 'issuer ends in a slash that the resource does not name',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownIssuer,
        withMembers(() => ({ issuer: `${lab.issuer}/` })),
      ),
    )
  },
}
