import { type Fault, onMethod } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['N23'],
  says: 'a proxy keeps an event stream until it is over, and the server never ends it',
  break(lab) {
    lab.addEdge(
      onMethod(
        'initialize',
        () => new Response(new ReadableStream({}), { headers: { 'Content-Type': 'text/event-stream' } }),
      ),
    )
  },
}
