import { atPath, type Fault, wellKnownIssuer, withMembers } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['Z15'],
  says: 'only pushed authorization requests are taken',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownIssuer,
        withMembers(() => ({
          require_pushed_authorization_requests: true,
          pushed_authorization_request_endpoint: `${lab.issuer}/par`,
        })),
      ),
    )
    lab.addEdge(atPath('/authorize', () => html('A request_uri is needed.', 400)))
  },
}
