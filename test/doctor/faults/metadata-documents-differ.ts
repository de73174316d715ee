import { atPath, type Fault, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D24'],
  says: 'only one of the two documents names registration and S256',
  break(lab) {
    lab.addEdge(
      atPath(
        /openid-configuration/,
        withMembers(() => ({
          registration_endpoint: undefined,
          code_challenge_methods_supported: undefined,
        })),
      ),
    )
  },
}
