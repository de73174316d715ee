import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N5'],
  says: 'the intermediate certificate is not sent',
  break(lab) {
    const says = 'unable to verify the first certificate'
    lab.handshakes.set('mcp.lab.example', { trusted: false, reason: 'incomplete-chain', says })
  },
}
