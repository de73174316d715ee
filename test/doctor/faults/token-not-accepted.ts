import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['V2', 'V4', 'V5', 'N20'],
  says: 'a proxy drops the Authorization header',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        const bare = new Request(request)
        bare.headers.delete('authorization')
        return next(bare)
      }),
    )
  },
}
