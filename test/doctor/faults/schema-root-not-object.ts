import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P12'],
  says: 'a choice at the root of an input schema',
  break(lab) {
    Object.assign(lab.settings.tools[0] ?? {}, {
      inputSchema: { anyOf: [{ type: 'object' }, { type: 'string' }] },
    })
  },
}
