import { type Fault, withToken } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N15'],
  says: 'a firewall looks for HTML in the body',
  break(lab) {
    lab.addEdge(
      withToken(async (request, next) => {
        return (await request.clone().text()).includes('<b>') ? html('Request blocked', 403) : next(request)
      }),
    )
  },
}
