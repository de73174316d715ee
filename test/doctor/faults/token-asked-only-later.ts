import { atPath, type Fault } from '../lab/fault.ts'
import { unauthorized } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['M7'],
  says: 'initialize is open, tools/list is not',
  settings: { access: 'lazy' },
  break(lab) {
    lab.addEdge(
      atPath('/mcp', async (request, next) => {
        const isList = (await request.clone().text()).includes('"tools/list"')
        return isList && !request.headers.has('authorization') ? unauthorized(lab, undefined) : next(request)
      }),
    )
  },
}
