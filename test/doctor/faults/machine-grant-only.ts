import { atPath, type Fault, wellKnownIssuer, withMembers } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['T15'],
  says: 'only client_credentials is offered',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownIssuer,
        withMembers(() => ({ grant_types_supported: ['client_credentials'] })),
      ),
    )
    lab.addEdge(atPath('/token', () => json({ error: 'unsupported_grant_type' }, 400)))
  },
}
