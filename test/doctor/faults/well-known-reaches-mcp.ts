import { atPath, type Fault, wellKnownResource } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D11'],
  says: 'the MCP handler is mounted at the root and takes the well-known places too',
  break(lab) {
    const message = 'Not Acceptable: Client must accept text/event-stream'
    lab.addEdge(
      atPath(/^\/\.well-known\//, (request, next) => {
        return wellKnownResource.test(new URL(request.url).pathname)
          ? next(request)
          : json({ jsonrpc: '2.0', error: { code: -32000, message }, id: null }, 406)
      }),
    )
  },
}
