import { atPath, type Fault, wellKnownIssuer } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N17', 'C6'],
  says: 'the metadata wakes a server that sleeps: twelve seconds',
  break(lab) {
    lab.addEdge(
      atPath(wellKnownIssuer, (request, next) => {
        lab.clock.ms += 12_000
        return next(request)
      }),
    )
  },
}
