import { atPath, type Fault, whenStatus } from '../lab/fault.ts'
import { unauthorized } from '../lab/lab.ts'

export const fault: Fault = {
  rows: ['R19'],
  says: 'a sign-in voids the tokens of the one before',
  doctor: { isIntrusive: true },
  break(lab) {
    let newest: string | undefined
    const voided = new Set<string>()
    lab.addEdge(
      atPath(
        '/token',
        whenStatus(200, async (_, next) => {
          const answer = await next(_)
          const { access_token: token } = (await answer.clone().json()) as { access_token?: string }
          if (newest !== undefined && newest !== token) voided.add(newest)
          newest = token
          return answer
        }),
      ),
    )
    lab.addEdge(
      atPath('/mcp', (request, next) => {
        const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? ''
        return voided.has(token) ? unauthorized(lab, token) : next(request)
      }),
    )
  },
}
