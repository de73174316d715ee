import { atPath, type Fault, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['T8'],
  says: 'the token answer has no token_type',
  break(lab) {
    lab.addEdge(
      atPath(
        '/token',
        withMembers(() => ({ token_type: undefined })),
      ),
    )
  },
}
