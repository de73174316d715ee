import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N2'],
  says: 'only an AAAA record',
  break(lab) {
    lab.addresses.set('mcp.lab.example', ['2606:2800:220:1:248:1893:25c8:1946'])
  },
}
