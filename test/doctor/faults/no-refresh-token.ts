import { atPath, type Fault, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['T14'],
  says: 'no refresh token is given',
  break(lab) {
    lab.addEdge(
      atPath(
        '/token',
        withMembers(() => ({ refresh_token: undefined })),
      ),
    )
  },
}
