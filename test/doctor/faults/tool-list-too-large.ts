import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'four hundred tools',
  break(lab) {
    const [tool] = lab.settings.tools
    for (let number = 0; number < 400; number++) {
      lab.settings.tools.push({ ...structuredClone(tool), name: `search_notes_${number}` })
    }
  },
}
