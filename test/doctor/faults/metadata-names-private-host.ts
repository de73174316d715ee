import { atPath, type Fault, wellKnownIssuer, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D19'],
  says: 'the token endpoint has the name of its container',
  break(lab) {
    lab.addresses.set('auth', [])
    lab.addEdge(
      atPath(
        wellKnownIssuer,
        withMembers(() => ({ token_endpoint: 'https://auth:8443/token' })),
      ),
    )
  },
}
