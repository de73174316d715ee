import { atPath, changed, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['M2'],
  says: 'resource_metadata is a path',
  break(lab) {
    const challenge = 'Bearer resource_metadata="/.well-known/oauth-protected-resource/mcp"'
    lab.addEdge(atPath('/mcp', whenStatus(401, changed({ headers: { 'WWW-Authenticate': challenge } }))))
  },
}
