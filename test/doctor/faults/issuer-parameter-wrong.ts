import { atPath, type Fault, withLocation } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['Z7'],
  says: 'iss has a slash that the issuer has not',
  break(lab) {
    lab.addEdge(
      atPath(
        '/sign-in',
        withLocation((target) => target.searchParams.set('iss', `${lab.issuer}/`)),
      ),
    )
  },
}
