import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'one tool for the whole API',
  break(lab) {
    Object.assign(lab.settings.tools[0] ?? {}, {
      inputSchema: {
        type: 'object',
        properties: { method: { type: 'string', enum: ['GET', 'POST', 'DELETE'] }, path: { type: 'string' } },
      },
    })
  },
}
