import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P11'],
  says: 'a tool name with dots and blanks',
  break(lab) {
    Object.assign(lab.settings.tools[0] ?? {}, { name: 'notes.search all' })
  },
}
