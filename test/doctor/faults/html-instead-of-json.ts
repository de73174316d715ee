import { atPath, type Fault, wellKnownResource } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D10'],
  says: 'whatever is not known is the page of the application, with 200',
  break(lab) {
    lab.addEdge(
      atPath(/^\/\.well-known\//, (request, next) => {
        return wellKnownResource.test(new URL(request.url).pathname)
          ? next(request)
          : html('<div id="app"></div>')
      }),
    )
  },
}
