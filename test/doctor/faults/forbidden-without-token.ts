import { atPath, changed, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['M4'],
  says: '403 where 401 is due',
  break(lab) {
    lab.addEdge(
      atPath(
        /^\/mcp\/?$/,
        whenStatus(401, changed({ status: 403, headers: { 'WWW-Authenticate': undefined } })),
      ),
    )
  },
}
