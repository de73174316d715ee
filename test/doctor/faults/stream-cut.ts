import { type Fault, onMethod } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P23'],
  says: 'a proxy cuts the stream of a list before the answer came',
  break(lab) {
    lab.addEdge(
      onMethod(
        'tools/list',
        () => new Response(': keep-alive\n\n', { headers: { 'Content-Type': 'text/event-stream' } }),
      ),
    )
  },
}
