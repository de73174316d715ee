import { atPath, changed, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['M8'],
  says: 'Basic is offered before Bearer in one header',
  break(lab) {
    lab.addEdge(
      atPath(
        '/mcp',
        whenStatus(401, async (request, next) => {
          const bearer = (await next(request)).headers.get('WWW-Authenticate')
          return changed({ headers: { 'WWW-Authenticate': `Basic realm="lab", ${bearer}` } })(request, next)
        }),
      ),
    )
  },
}
