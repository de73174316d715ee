import { atPath, type Fault, wellKnownIssuer, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D14'],
  says: 'no code_challenge_methods_supported',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownIssuer,
        withMembers(() => ({ code_challenge_methods_supported: undefined })),
      ),
    )
  },
}
