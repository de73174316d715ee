import { atPath, type Fault } from '../lab/fault.ts'
import { notFound } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D2'],
  says: 'the metadata is at the root only, where the challenge does not point',
  break(lab) {
    lab.addEdge(atPath(/^\/\.well-known\/oauth-protected-resource\/mcp$/, () => notFound()))
  },
}
