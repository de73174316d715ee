import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['T2'],
  says: 'forms are taken from the own pages only',
  break(lab) {
    lab.addEdge(
      atPath('/token', (request, next) => {
        const isOwn = request.headers.get('origin') === new URL(lab.issuer).origin
        return isOwn ? next(request) : html('Cross-site POST form submissions are forbidden', 403)
      }),
    )
  },
}
