import { type Fault, onMethod } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['P1'],
  says: 'only the versions of a list are let in',
  break(lab) {
    lab.addEdge(
      onMethod('initialize', async (request, next) => {
        const isKnown = /"protocolVersion":"202[45]-/.test(await request.clone().text())
        const error = { code: -32602, message: 'Unsupported protocol version' }
        return isKnown ? next(request) : json({ jsonrpc: '2.0', id: 0, error })
      }),
    )
  },
}
