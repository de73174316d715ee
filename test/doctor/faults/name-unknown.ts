import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N6'],
  says: 'the name has no record in public DNS',
  break(lab) {
    lab.addresses.set('mcp.lab.example', [])
    lab.addEdge(() => Promise.reject(new TypeError('getaddrinfo ENOTFOUND')))
  },
}
