import { atPath, changed, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['M5'],
  says: 'a missing token makes the server throw',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        return request.headers.has('authorization')
          ? next(request)
          : whenStatus(401, changed({ status: 500, headers: { 'WWW-Authenticate': undefined } }))(
              request,
              next,
            )
      }),
    )
  },
}
