import { atPath, changed, type Fault, wellKnownIssuer, wellKnownResource, withMembers } from '../lab/fault.ts'
import { json } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['Z11'],
  says: 'scopes are published nowhere, and a code without any is no use',
  break(lab) {
    const withoutScopes = withMembers(() => ({ scopes_supported: undefined }))
    lab.addEdge(atPath(wellKnownIssuer, withoutScopes))
    lab.addEdge(atPath(wellKnownResource, withoutScopes))
    const pointer = `${new URL(lab.url).origin}/.well-known/oauth-protected-resource/mcp`
    lab.addEdge(
      atPath('/mcp', async (request, next) => {
        const answer = await next(request)
        const challenge = { 'WWW-Authenticate': `Bearer resource_metadata="${pointer}"` }
        return answer.status === 401 ? changed({ headers: challenge })(request, async () => answer) : answer
      }),
    )
    lab.addEdge(
      atPath('/token', async (request, next) => {
        const isExchange = (await request.clone().text()).includes('grant_type=authorization_code')
        return isExchange ? json({ error: 'invalid_grant' }, 400) : next(request)
      }),
    )
  },
}
