import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N19', 'M5'],
  says: '/mcp is redirected to /mcp/',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', () => new Response(null, { status: 301, headers: { Location: `${lab.url}/` } })),
    )
  },
}
