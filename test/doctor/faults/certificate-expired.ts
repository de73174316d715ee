import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N5'],
  says: 'the certificate has expired',
  break(lab) {
    lab.handshakes.set('mcp.lab.example', {
      trusted: false,
      reason: 'expired',
      says: 'certificate has expired',
    })
  },
}
