import { atPath, type Fault, wellKnownIssuer, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D13'],
  says: 'null where there is nothing, a string where a list is due, and no response types',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownIssuer,
        withMembers(() => ({
          response_types_supported: undefined,
          service_documentation: null,
          grant_types_supported: 'authorization_code',
        })),
      ),
    )
  },
}
