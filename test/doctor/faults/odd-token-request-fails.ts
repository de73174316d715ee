import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['T17'],
  says: 'a Basic header that is no base64 is an error that nobody catches',
  break(lab) {
    lab.addEdge(
      atPath('/token', (request, next) => {
        const isOdd = request.headers.get('authorization') === 'Basic %%%'
        return isOdd ? html('Internal Server Error', 500) : next(request)
      }),
    )
  },
}
