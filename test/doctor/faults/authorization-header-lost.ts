import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N20'],
  says: 'a proxy does not forward Authorization',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        const headers = new Headers(request.headers)
        headers.delete('authorization')
        return next(new Request(request, { headers }))
      }),
    )
  },
}
