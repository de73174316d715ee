import { atPath, type Fault } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['M5'],
  says: 'versions after 2025-03-26 are refused before the token is looked at',
  break(lab) {
    const error = { code: -32000, message: 'Bad Request: Unsupported protocol version' }
    lab.addEdge(
      atPath('/mcp', async (request, next) => {
        const isNewer = /2025-(?:06|11)|2026/.test(await request.clone().text())
        return isNewer ? json({ jsonrpc: '2.0', error, id: null }, 400) : next(request)
      }),
    )
  },
}
