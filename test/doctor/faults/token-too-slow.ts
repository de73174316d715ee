import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['T11'],
  says: 'an e-mail is sent before the token is given',
  break(lab) {
    lab.addEdge(
      atPath('/token', (request, next) => {
        lab.clock.ms += 12_000
        return next(request)
      }),
    )
  },
}
