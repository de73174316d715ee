import { changed, type Fault, onMethod } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['P4'],
  says: 'a session id is demanded that initialize never gave',
  break(lab) {
    lab.addEdge(
      onMethod(/^(?!initialize$)/, () =>
        json({ jsonrpc: '2.0', id: null, error: { code: -32000, message: 'No valid session ID' } }, 400),
      ),
    )
    lab.addEdge(onMethod('initialize', changed({ headers: { 'Mcp-Session-Id': undefined } })))
  },
}
