import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['V9'],
  says: 'notifications are answered with a JSON-RPC error and 400',
  break(lab) {
    lab.addEdge(
      atPath('/mcp', async (request, next) => {
        const isNotification = (await request.clone().text()).includes('"notifications/')
        return isNotification && request.headers.has('authorization')
          ? json({ jsonrpc: '2.0', id: null, error: { code: -32601, message: 'Method not found' } }, 400)
          : next(request)
      }),
    )
  },
}
