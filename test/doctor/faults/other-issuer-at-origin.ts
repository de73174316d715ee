import type { Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D23'],
  says: 'the host also carries an application with a sign-in of its own',
  settings: { issuerForm: 'other-origin' },
  break(lab) {
    const { origin } = new URL(lab.url)
    const document = {
      issuer: origin,
      authorization_endpoint: `${origin}/auth/authorize`,
      token_endpoint: `${origin}/auth/token`,
      response_types_supported: ['code'],
    }
    lab.addEdge((request, next) => {
      const isOther = request.url === `${origin}/.well-known/oauth-authorization-server`
      return isOther ? json(document) : next(request)
    })
  },
}
