import { atPath, type Fault, withMembers } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R6'],
  says: 'every client is registered for Basic, and must use it',
  break(lab) {
    const given = {
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: 'a-secret-of-the-server',
    }
    lab.addEdge(
      atPath(
        '/register',
        withMembers(() => given),
      ),
    )
    lab.addEdge(
      atPath('/token', (request, next) => {
        return request.headers.has('authorization') ? next(request) : json({ error: 'invalid_client' }, 401)
      }),
    )
  },
}
