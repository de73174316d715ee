import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['X7'],
  says: 'access tokens live for half a minute',
  break(lab) {
    lab.settings.accessTokenSeconds = 30
  },
}
