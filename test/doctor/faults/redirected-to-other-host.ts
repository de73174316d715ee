import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N18'],
  says: 'the bare domain redirects to www',
  break(lab) {
    const target = 'https://www.mcp.lab.example/mcp'
    lab.addEdge(atPath('/mcp', () => new Response(null, { status: 308, headers: { Location: target } })))
  },
}
