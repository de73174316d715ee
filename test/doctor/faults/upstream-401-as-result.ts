import { type Fault, onMethod, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['X5'],
  says: 'the API behind the tool says 401, and the tool says it on',
  doctor: { calls: [{ name: 'search_notes', arguments: { text: 'x' } }] },
  break(lab) {
    const content = [{ type: 'text', text: 'Upstream API error: 401 Unauthorized' }]
    lab.addEdge(
      onMethod(
        'tools/call',
        withMembers(() => ({ result: { isError: true, content } })),
      ),
    )
  },
}
