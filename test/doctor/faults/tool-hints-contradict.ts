import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'a tool that destroys and only reads',
  break(lab) {
    Object.assign(lab.settings.tools[0] ?? {}, { annotations: { readOnlyHint: true, destructiveHint: true } })
  },
}
