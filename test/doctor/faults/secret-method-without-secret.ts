import { atPath, type Fault, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['R8'],
  says: 'the answer names Basic, and has no secret',
  break(lab) {
    const given = { token_endpoint_auth_method: 'client_secret_basic', client_secret: undefined }
    lab.addEdge(
      atPath(
        '/register',
        withMembers(() => given),
      ),
    )
  },
}
