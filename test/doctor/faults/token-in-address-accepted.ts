import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: [],
  says: 'the server also takes a token from the query',
  doctor: { isIntrusive: true },
  break(lab) {
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        const token = new URL(request.url).searchParams.get('access_token')
        if (token === null) return next(request)
        const headers = new Headers(request.headers)
        headers.set('Authorization', `Bearer ${token}`)
        return next(new Request(request, { headers }))
      }),
    )
  },
}
