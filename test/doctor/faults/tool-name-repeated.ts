import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P11'],
  says: 'two tools of the same name',
  break(lab) {
    lab.settings.tools.push(structuredClone(lab.settings.tools[0] ?? {}))
  },
}
