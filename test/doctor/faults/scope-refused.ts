import { atPath, type Fault } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['Z9', 'Z10'],
  says: 'offline_access is published, and refused',
  break(lab) {
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const query = new URL(request.url).searchParams
        if (query.get('scope')?.includes('offline_access') !== true) return next(request)
        const target = new URL(query.get('redirect_uri') ?? '')
        target.search = `error=invalid_scope&state=${query.get('state')}&iss=${lab.issuer}`
        return new Response(null, { status: 302, headers: { Location: target.href } })
      }),
    )
  },
}
