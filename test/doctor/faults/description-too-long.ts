import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P22'],
  says: 'a manual as a description',
  break(lab) {
    Object.assign(lab.settings.tools[0] ?? {}, { description: 'Finds notes. '.repeat(200) })
  },
}
