import { atPath, type Fault, withLocation } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['Z7'],
  says: 'iss is promised, and left out',
  break(lab) {
    lab.addEdge(
      atPath(
        '/sign-in',
        withLocation((target) => target.searchParams.delete('iss')),
      ),
    )
  },
}
