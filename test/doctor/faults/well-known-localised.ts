import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D21'],
  says: 'a middleware adds the language to every path',
  break(lab) {
    lab.addEdge(
      atPath(/^\/\.well-known\//, (request) => {
        return new Response(null, {
          status: 307,
          headers: { Location: `/en${new URL(request.url).pathname}` },
        })
      }),
    )
  },
}
