import { atPath, type Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['Z8'],
  says: 'the identity provider does not know the MCP server as a resource',
  break(lab) {
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const isNamed = new URL(request.url).searchParams.has('resource')
        return isNamed ? html('AADSTS9010010: the resource does not match the scopes.', 400) : next(request)
      }),
    )
  },
}
