import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P19'],
  says: 'a tool without annotations',
  break(lab) {
    Object.assign(lab.settings.tools[0] ?? {}, { annotations: {} })
  },
}
