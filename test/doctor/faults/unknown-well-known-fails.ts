import { atPath, type Fault } from '../lab/fault.ts'
import { json, notFound } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D9'],
  says: 'what is not there below /.well-known makes the server fail',
  break(lab) {
    lab.addEdge(
      atPath(/^\/\.well-known\//, async (request, next) => {
        const isGone = request.url.includes('oauth-authorization-server')
        const answer = isGone ? notFound() : await next(request)
        return answer.status === 404 ? json({ error: 'internal' }, 500) : answer
      }),
    )
  },
}
