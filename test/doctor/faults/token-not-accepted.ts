import { atPath, type Fault } from '../lab/fault.ts'
import { unauthorized } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['V2', 'V3', 'C9'],
  says: 'the server expects another audience than its own authorization server gives',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) =>
        request.headers.has('authorization') ? unauthorized(lab, 'a token') : next(request),
      ),
    )
  },
}
