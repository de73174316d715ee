import { atPath, changed, type Fault, wellKnownResource, whenStatus, withMembers } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['D25'],
  says: 'the resource announces a scope that nobody is given, and the challenge names none',
  break(lab) {
    lab.addEdge(
      atPath(
        wellKnownResource,
        withMembers(() => ({ scopes_supported: ['notes:read', 'notes:admin'] })),
      ),
    )
    lab.addEdge(
      atPath(
        '/mcp',
        whenStatus(401, async (request, next) => {
          const challenge = (await next(request)).headers
            .get('WWW-Authenticate')
            ?.replace(/, scope="[^"]*"/, '')
          return changed({ headers: { 'WWW-Authenticate': challenge } })(request, next)
        }),
      ),
    )
    lab.addEdge(
      atPath('/authorize', (request, next) => {
        const asked = new URL(request.url).searchParams
        if (asked.get('scope')?.includes('notes:admin') !== true) return next(request)
        const landing = new URL(asked.get('redirect_uri') ?? lab.issuer)
        landing.search = new URLSearchParams({
          error: 'invalid_scope',
          state: asked.get('state') ?? '',
          iss: lab.issuer,
        }).toString()
        return new Response(null, { status: 303, headers: { Location: landing.href } })
      }),
    )
  },
}
