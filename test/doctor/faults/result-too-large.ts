import { type Fault, onMethod, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P13'],
  says: 'a tool answers with everything there is',
  doctor: { calls: [{ name: 'search_notes', arguments: { text: 'x' } }] },
  break(lab) {
    const content = [{ type: 'text', text: 'note '.repeat(32_000) }]
    lab.addEdge(
      onMethod(
        'tools/call',
        withMembers(() => ({ result: { content } })),
      ),
    )
  },
}
