import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['M10'],
  says: 'GET is taken for a stream that never begins',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        return request.method === 'GET' ? new Promise(() => undefined) : next(request)
      }),
    )
  },
}
