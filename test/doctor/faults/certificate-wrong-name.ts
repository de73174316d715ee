import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N5'],
  says: 'the certificate is for another host',
  break(lab) {
    lab.handshakes.set('mcp.lab.example', {
      trusted: false,
      reason: 'wrong-name',
      says: 'the certificate is for other.example',
    })
  },
}
