import { atPath, type Fault, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['T9'],
  says: 'expires_in is a string',
  break(lab) {
    lab.addEdge(
      atPath(
        '/token',
        withMembers((body) => ({ expires_in: body.expires_in && '1h' })),
      ),
    )
  },
}
