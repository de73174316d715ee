import { type Fault, onMethod } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['P16'],
  says: 'the list of tools waits for the roots of the client',
  break(lab) {
    const asked = JSON.stringify({ jsonrpc: '2.0', id: 'roots', method: 'roots/list' })
    lab.addEdge(
      onMethod('tools/list', () => {
        const waiting = new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(`data: ${asked}\n\n`)),
        })
        return new Response(waiting, { headers: { 'Content-Type': 'text/event-stream' } })
      }),
    )
  },
}
