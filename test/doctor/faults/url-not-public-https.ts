import type { Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N3'],
  says: 'the URL that was typed is plain http',
  doctor: { url: 'http://mcp.lab.example/mcp' },
  break(lab) {
    lab.url = 'http://mcp.lab.example/mcp'
    lab.issuer = 'http://mcp.lab.example'
  },
}
