import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N5'],
  says: 'the connection is reset after the ClientHello',
  break(lab) {
    lab.handshakes.set('mcp.lab.example', { trusted: false, reason: 'reset', says: 'read ECONNRESET' })
  },
}
