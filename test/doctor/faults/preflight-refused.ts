import { atPath, type Fault } from '../lab/fault.ts'
import { unauthorized } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['M11'],
  says: 'the token check covers OPTIONS',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        return request.method === 'OPTIONS' ? unauthorized(lab, undefined) : next(request)
      }),
    )
  },
}
