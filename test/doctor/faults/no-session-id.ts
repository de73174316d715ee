import { claudeHosted2025 } from '../../../src/client/surfaces/claude-hosted-2025.ts'
import { changed, type Fault, onMethod } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P5'],
  says: 'initialize gives no session id',
  doctor: { surface: claudeHosted2025 },
  break(lab) {
    lab.addEdge(onMethod('initialize', changed({ headers: { 'Mcp-Session-Id': undefined } })))
  },
}
