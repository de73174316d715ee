import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'a tool that says nothing of itself',
  break(lab) {
    Object.assign(lab.settings.tools[0] ?? {}, { description: '' })
  },
}
