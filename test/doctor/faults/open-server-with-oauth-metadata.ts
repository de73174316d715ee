import { atPath, type Fault, wellKnownIssuer } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['M6'],
  says: 'another application of the same host publishes where to sign in to it',
  settings: { access: 'none' },
  break(lab) {
    const { origin } = new URL(lab.url)
    lab.addEdge(
      atPath(wellKnownIssuer, () =>
        json({
          issuer: origin,
          authorization_endpoint: `${origin}/auth/authorize`,
          token_endpoint: `${origin}/auth/token`,
          response_types_supported: ['code'],
        }),
      ),
    )
  },
}
