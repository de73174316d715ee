import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N4'],
  says: 'the server listens on 8443',
  doctor: { url: 'https://mcp.lab.example:8443/mcp' },
  break(lab) {
    lab.url = 'https://mcp.lab.example:8443/mcp'
    lab.issuer = 'https://mcp.lab.example:8443'
  },
}
