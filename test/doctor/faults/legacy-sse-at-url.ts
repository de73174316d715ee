import { type Fault, withToken } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['P8'],
  says: 'HTTP+SSE of 2024 at the URL',
  break(lab) {
    lab.addEdge(
      withToken((request) => {
        if (request.method !== 'GET') return json({ error: 'method not allowed' }, 405, { Allow: 'GET' })
        return new Response('event: endpoint\ndata: /messages?sessionId=1\n\n', {
          headers: { 'Content-Type': 'text/event-stream' },
        })
      }),
    )
  },
}
