import { atPath, type Fault, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['R7'],
  says: 'the registration is answered with little more than the id',
  break(lab) {
    lab.addEdge(
      atPath(
        '/register',
        withMembers(() => ({ redirect_uris: undefined })),
      ),
    )
  },
}
