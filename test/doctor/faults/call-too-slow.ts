import { type Fault, onMethod } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P14'],
  says: 'a tool takes six minutes',
  doctor: { calls: [{ name: 'search_notes', arguments: { text: 'x' } }] },
  break(lab) {
    lab.addEdge(
      onMethod('tools/call', (request, next) => {
        lab.clock.ms += 360_000
        return next(request)
      }),
    )
  },
}
