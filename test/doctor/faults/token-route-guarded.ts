import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['T18'],
  says: 'the token endpoint is behind the login of the site',
  break(lab) {
    const login = { Location: `${lab.issuer}/login` }
    lab.addEdge(atPath('/token', () => new Response(null, { status: 302, headers: login })))
  },
}
