import { atPath, type Fault, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['R10'],
  says: 'every client is registered for reading only, and may not ask for more',
  break(lab) {
    lab.addEdge(
      atPath(
        '/register',
        withMembers(() => ({ scope: 'notes:read' })),
      ),
    )
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const query = new URL(request.url).searchParams
        if ((query.get('scope') ?? 'notes:read') === 'notes:read') return next(request)
        const target = new URL(query.get('redirect_uri') ?? '')
        target.search = `error=invalid_scope&state=${query.get('state')}&iss=${lab.issuer}`
        return new Response(null, { status: 302, headers: { Location: target.href } })
      }),
    )
  },
}
