import { type Fault, wellKnownResource } from '../lab/fault.ts'
import { notFound } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['D3'],
  says: 'the metadata is mounted below the path of the endpoint',
  break(lab) {
    lab.addEdge((request, next) => {
      const url = new URL(request.url)
      if (wellKnownResource.test(url.pathname)) return notFound()
      if (!url.pathname.startsWith('/mcp/.well-known/')) return next(request)
      url.pathname = url.pathname.replace('/mcp', '')
      return next(new Request(url, request))
    })
  },
}
