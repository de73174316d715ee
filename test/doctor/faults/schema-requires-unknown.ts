import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'a required parameter that is not described',
  break(lab) {
    Object.assign(lab.settings.tools[0] ?? {}, {
      inputSchema: { type: 'object', properties: {}, required: ['text'] },
    })
  },
}
