import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'a tool with an output schema answers by text alone',
  doctor: { calls: [{ name: 'search_notes', arguments: { text: 'x' } }] },
  break(lab) {
    Object.assign(lab.settings.tools[0] ?? {}, { outputSchema: { type: 'object', properties: {} } })
  },
}
