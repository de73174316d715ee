import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N6'],
  says: 'the endpoint never answers',
  break(lab) {
    lab.addEdge(atPath('/mcp', () => new Promise(() => undefined)))
  },
}
