import { atPath, type Fault } from '../lab/fault.ts'

const registered = 'https://claude.ai/api/mcp/auth_callback'

export const fault: Fault = {
  rows: [],
  says: 'a redirect URI passes that begins as the registered one does',
  doctor: { isIntrusive: true },
  break(lab) {
    let asked = registered
    lab.addEdge(
      atPath('/authorize', async (request, next) => {
        const url = new URL(request.url)
        const given = url.searchParams.get('redirect_uri') ?? ''
        if (!given.startsWith('https://claude.ai')) return next(request)
        asked = given
        url.searchParams.set('redirect_uri', registered)
        return next(new Request(url, request))
      }),
    )
    lab.addEdge(
      atPath('/sign-in', async (request, next) => {
        const answer = await next(request)
        const headers = new Headers(answer.headers)
        headers.set('Location', (headers.get('location') ?? '').replace(registered, asked))
        return new Response(answer.body, { status: answer.status, headers })
      }),
    )
  },
}
