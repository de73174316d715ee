import { atPath, type Fault, whenStatus } from '../lab/fault.ts'

export const fault: Fault = {
  rows: ['Z4'],
  says: 'the state comes back in lower case',
  break(lab) {
    lab.addEdge(
      atPath(
        '/sign-in',
        whenStatus(303, async (request, next) => {
          const answer = await next(request)
          const target = new URL(answer.headers.get('location') ?? '')
          target.searchParams.set('state', (target.searchParams.get('state') ?? '').toLowerCase())
          return new Response(null, { status: 303, headers: { Location: target.href } })
        }),
      ),
    )
  },
}
