import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N1', 'N25'],
  says: 'one of two addresses is private',
  break(lab) {
    lab.addresses.set('mcp.lab.example', ['93.184.216.34', '10.0.0.5'])
  },
}
