import type { Fault } from '../lab/fault.ts'
import { html } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['N24'],
  says: 'the MCP server lets the caller in, the authorization server’s firewall does not',
  settings: { issuerForm: 'other-origin' },
  break(lab) {
    lab.addEdge((request, next) => {
      const isIssuer = new URL(request.url).origin === lab.issuer
      return isIssuer ? html('<h1>403 Forbidden</h1>', 403) : next(request)
    })
  },
}
