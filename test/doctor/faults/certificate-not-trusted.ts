import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N5'],
  says: 'a self-signed certificate',
  break(lab) {
    lab.handshakes.set('mcp.lab.example', {
      trusted: false,
      reason: 'unknown-authority',
      says: 'self-signed certificate',
    })
  },
}
