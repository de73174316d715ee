import { atPath, changed, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['V13'],
  says: 'a token that cannot be verified is answered with 500',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        return request.headers.has('authorization')
          ? whenStatus(401, changed({ status: 500 }))(request, next)
          : next(request)
      }),
    )
  },
}
