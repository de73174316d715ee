import { atPath, type Fault } from '../lab/fault.ts'
import { notFound } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D8'],
  says: 'an issuer with a path has its document behind the path only',
  settings: { issuerForm: 'path' },
  break(lab) {
    lab.addEdge(
      atPath(/^\/\.well-known\/(?:oauth-authorization-server|openid-configuration)/, () => notFound()),
    )
  },
}
